--[[ create_plain: store a new session, unless its id is taken. The short form of create.
  KEYS[1] session hash
  ARGV[1] SHA-256 of the secret
  ARGV[2] the application's idle timeout, ms
  ARGV[3..] name/value pairs of attributes
  returns when the session was created, ms by Redis's clock
          | 0 another session has this id, nothing written
  Idempotent: a copy with the same secret returns the reply of the first call. ]]
local key = KEYS[1]
local secret = redis.call('HGET', key, ':secret')
if secret then
  if secret ~= ARGV[1] then return 0 end
  return tonumber(redis.call('HGET', key, ':created'))
end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('HSET', key, ':secret', ARGV[1], ':created', now, unpack(ARGV, 3))
redis.call('PEXPIRE', key, ARGV[2])
return now
