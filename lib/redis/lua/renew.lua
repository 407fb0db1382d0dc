--[[ renew: let a lock be held for another lease.
  KEYS[1] lock   ARGV[1] token of its holder   ARGV[2] lease, ms
  returns 1 renewed | 0 not held by this token ]]
local value = redis.call('GET', KEYS[1])
if not value or string.find(value, ARGV[1], 1, true) ~= 1 then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
