--[[ destroy: delete a session, unless its secret was replaced.
  KEYS[1] session hash   ARGV[1] SHA-256 that the secret must still have
  returns 1 deleted | 0 the session does not exist | -1 the secret was replaced ]]
local secret = redis.call('HGET', KEYS[1], ':secret')
if not secret then return 0 end
if secret ~= ARGV[1] then return -1 end
return redis.call('DEL', KEYS[1])
