--[[ save: write the changes of a session and touch it; release its lock if asked.
  KEYS[1] session hash   KEYS[2] its lock, if ARGV[2] or KEYS[3] is given
  KEYS[3] receipt, if the write can be retried: a copy that finds it returns 1 and writes nothing
  ARGV[1] the application's idle timeout, ms (used if the session has none of its own)
  ARGV[2] token that must hold KEYS[2], or '' (no lock)
  ARGV[3] SHA-256 that the secret must still have, or '' (any)
  ARGV[4] SHA-256 of the new secret, or '' (none); if it is stored already, this is a copy too
  ARGV[5] TTL of the receipt, ms   ARGV[6] 1 (release the lock) or '' (keep it)
  ARGV[7] the session's own new idle timeout, ms, or '' (unchanged)
  ARGV[8] the application's absolute timeout, ms, or '' (none)
  ARGV[9] what authenticate.lua notes, or '' (nothing)
  ARGV[10] n; then n items: name/value pairs to set; then the names to delete
  returns 1 saved | 0 the session does not exist | -1 the secret was replaced | -2 the token does not hold the lock
  Writes nothing unless it returns 1. ]]
local key, receipt = KEYS[1], KEYS[3]
local held = redis.call('HMGET', key, ':secret', ':created', ':idle', ':expires', ':restarted')
local secret = held[1]
if not secret then return 0 end
if secret == ARGV[4] then return 1 end
local idle = ARGV[7] ~= '' and ARGV[7] or held[3] or ARGV[1]
local left = lifetime(idle, held[5] or held[2], held[4], ARGV[8])
if left <= 0 then return 0 end
local lock = ARGV[2] ~= '' and (redis.call('GET', KEYS[2]) or '')
local refusal = lock and string.find(lock, ARGV[2], 1, true) ~= 1 and -2
refusal = refusal or ARGV[3] ~= '' and secret ~= ARGV[3] and -1
if refusal then return receipt and redis.call('EXISTS', receipt) == 1 and 1 or refusal end
if receipt and not redis.call('SET', receipt, '', 'NX', 'PX', ARGV[5]) then return 1 end
if ARGV[4] ~= '' then redis.call('HSET', key, ':secret', ARGV[4]) end
local last = 10 + ARGV[10]
for i = 11, last, 4000 do
  redis.call('HSET', key, unpack(ARGV, i, math.min(i + 3999, last)))
end
for i = last + 1, #ARGV, 4000 do
  redis.call('HDEL', key, unpack(ARGV, i, math.min(i + 3999, #ARGV)))
end
if ARGV[7] ~= '' then redis.call('HSET', key, ':idle', ARGV[7]) end
if ARGV[9] ~= '' then left = authenticate(key, ARGV[9], left, idle, ARGV[8]) end
redis.call('PEXPIRE', key, left)
if ARGV[6] ~= '' then hand_over(KEYS[2], lock) end
return 1
