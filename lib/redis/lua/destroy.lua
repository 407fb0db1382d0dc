--[[ destroy: delete a session, unless a field of its metadata has another value than expected.
  KEYS[1] session hash   ARGV[1] name of the field   ARGV[2] value that it must still have
  returns 1 deleted | 0 the session or the field does not exist | -1 the field has another value ]]
local value = redis.call('HGET', KEYS[1], ARGV[1])
if not value then return 0 end
if value ~= ARGV[2] then return -1 end
return redis.call('DEL', KEYS[1])
