--[[ save: write the changes of one live session, slide its expiry; release its lock.
  KEYS[1] session hash
  KEYS[2] its lock, where the write must hold it
  KEYS[3] receipt, where a write that releases the lock may be sent again: it finds this then, and the lock gone
  ARGV[1] the application's idle timeout, ms (the session's own one counts, where it has one)
  ARGV[2] token that KEYS[2] must hold, or '' (no lock)
  ARGV[3] SHA-256 that the secret must still have, or '' (any)
  ARGV[4] SHA-256 of the secret that replaces it, or '' (none)
  ARGV[5] how long the receipt is kept, ms, where the write releases the lock (0 without a receipt), or '' (it does not)
  ARGV[6] an idle timeout of the session's own, ms, or '' (as it was)
  ARGV[7] n; then n items: name/value pairs to set; then the names to remove
  returns 1 saved | 0 session is gone | -1 the secret was replaced by another | -2 the lock is not held
  Whatever is not 1 has written nothing. ]]
local key = KEYS[1]
local held = redis.call('HMGET', key, ':secret', ':idle', ':expires')
local secret = held[1]
if not secret then return 0 end
local lock = KEYS[2] and (redis.call('GET', KEYS[2]) or '')
if lock and string.find(lock, ARGV[2], 1, true) ~= 1 then
  return KEYS[3] and redis.call('EXISTS', KEYS[3]) == 1 and 1 or -2
end
if ARGV[3] ~= '' and secret ~= ARGV[3] and secret ~= ARGV[4] then return -1 end
if ARGV[4] ~= '' then redis.call('HSET', key, ':secret', ARGV[4]) end
local last = 7 + ARGV[7]
for i = 8, last, 4000 do
  redis.call('HSET', key, unpack(ARGV, i, math.min(i + 3999, last)))
end
for i = last + 1, #ARGV, 4000 do
  redis.call('HDEL', key, unpack(ARGV, i, math.min(i + 3999, #ARGV)))
end
local idle = tonumber(ARGV[6] ~= '' and ARGV[6] or held[2] or ARGV[1])
if ARGV[6] ~= '' then redis.call('HSET', key, ':idle', ARGV[6]) end
if held[3] then
  local time = redis.call('TIME')
  idle = math.min(idle, held[3] - time[1] * 1000 - math.floor(time[2] / 1000))
end
redis.call('PEXPIRE', key, idle)
if KEYS[3] then redis.call('SET', KEYS[3], '', 'PX', ARGV[5]) end
if ARGV[5] ~= '' then hand_over(KEYS[2], lock) end
return 1
