--[[ create: store a new session, unless its id is taken.
  KEYS[1] session hash
  KEYS[2] receipt, if the write can be retried: a late copy must not bring back a session that was destroyed
  ARGV[1] SHA-256 of the secret
  ARGV[2] the application's idle timeout, ms
  ARGV[3] the session's own idle timeout, ms, or '' (none)
  ARGV[4] absolute timeout, ms, or '' (none)
  ARGV[5] TTL of the receipt, ms
  ARGV[6] 1 (its user authenticated now) or ''
  ARGV[7..] name/value pairs of attributes
  returns when the session was created, ms by Redis's clock
          | 0 another session has this id, nothing written
  Idempotent: a copy with the same secret returns the reply of the first call. ]]
local key = KEYS[1]
local secret = redis.call('HGET', key, ':secret')
if secret then
  if secret ~= ARGV[1] then return 0 end
  return tonumber(redis.call('HGET', key, ':created'))
end
local created = KEYS[2] and redis.call('GET', KEYS[2])
if created then return tonumber(created) end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('HSET', key, ':secret', ARGV[1], ':created', now, unpack(ARGV, 7, math.min(4006, #ARGV)))
for i = 4007, #ARGV, 4000 do
  redis.call('HSET', key, unpack(ARGV, i, math.min(i + 3999, #ARGV)))
end
local idle = tonumber(ARGV[2])
if ARGV[3] ~= '' then
  idle = tonumber(ARGV[3])
  redis.call('HSET', key, ':idle', ARGV[3])
end
if ARGV[4] ~= '' then
  redis.call('HSET', key, ':expires', now + ARGV[4])
  idle = math.min(idle, tonumber(ARGV[4]))
end
if ARGV[6] ~= '' then redis.call('HSET', key, ':authenticated', now) end
redis.call('PEXPIRE', key, idle)
if KEYS[2] then redis.call('SET', KEYS[2], now, 'PX', ARGV[5]) end
return now
