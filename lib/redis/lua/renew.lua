--[[ renew: renew the lease of a lock.
  KEYS[1] lock   KEYS[2] session hash, if ARGV[3] is given
  ARGV[1] token of its holder   ARGV[2] lease, ms   ARGV[3] SHA-256 that the secret must still have, or '' (any)
  returns 1 renewed | 0 this token does not hold the lock, or the secret was replaced ]]
local value = redis.call('GET', KEYS[1])
if not value or string.find(value, ARGV[1], 1, true) ~= 1 then return 0 end
if ARGV[3] ~= '' and redis.call('HGET', KEYS[2], ':secret') ~= ARGV[3] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
