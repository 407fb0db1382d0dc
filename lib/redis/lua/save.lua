--[[ save: write the changes of one live session, slide its expiry; release its lock.
  KEYS[1] session hash   KEYS[2] its lock, if ARGV[2] or KEYS[3] is given
  KEYS[3] receipt, if the write may be sent again: a copy that finds it answers 1 and writes nothing
  ARGV[1] the application's idle timeout, ms (the session's own one counts, if it has one)
  ARGV[2] token that KEYS[2] must hold, or '' (no lock)
  ARGV[3] SHA-256 that the secret must still have, or '' (any)
  ARGV[4] SHA-256 of the secret that replaces it, or '' (none); if it is there already, this is a copy, too
  ARGV[5] how long the receipt is kept, ms   ARGV[6] 1: release the lock, or '' (keep it)
  ARGV[7] an idle timeout of the session's own, ms, or '' (as it was)
  ARGV[8] the application's absolute timeout, ms, or '' (none)
  ARGV[9] n; then n items: name/value pairs to set; then the names to remove
  returns 1 saved | 0 session is gone | -1 the secret was replaced by another | -2 the lock is not held
  Whatever is not 1 has written nothing. ]]
local key, receipt = KEYS[1], KEYS[3]
local held = redis.call('HMGET', key, ':secret', ':created', ':idle', ':expires')
local secret = held[1]
if not secret then return 0 end
if secret == ARGV[4] then return 1 end
local idle = lifetime(ARGV[7] ~= '' and ARGV[7] or held[3] or ARGV[1], held[2], held[4], ARGV[8])
if idle <= 0 then return 0 end
local lock = ARGV[2] ~= '' and (redis.call('GET', KEYS[2]) or '')
local refusal = lock and string.find(lock, ARGV[2], 1, true) ~= 1 and -2
refusal = refusal or ARGV[3] ~= '' and secret ~= ARGV[3] and -1
if refusal then return receipt and redis.call('EXISTS', receipt) == 1 and 1 or refusal end
if receipt and not redis.call('SET', receipt, '', 'NX', 'PX', ARGV[5]) then return 1 end
if ARGV[4] ~= '' then redis.call('HSET', key, ':secret', ARGV[4]) end
local last = 9 + ARGV[9]
for i = 10, last, 4000 do
  redis.call('HSET', key, unpack(ARGV, i, math.min(i + 3999, last)))
end
for i = last + 1, #ARGV, 4000 do
  redis.call('HDEL', key, unpack(ARGV, i, math.min(i + 3999, #ARGV)))
end
if ARGV[7] ~= '' then redis.call('HSET', key, ':idle', ARGV[7]) end
redis.call('PEXPIRE', key, idle)
if ARGV[6] ~= '' then hand_over(KEYS[2], lock) end
return 1
