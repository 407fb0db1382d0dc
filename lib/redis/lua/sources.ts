// Written by npm run build from the files beside it. Edit those.
export const luaSources = {
  'create': `--[[ create: store a new session, unless its id is taken.
  KEYS[1] session hash
  KEYS[2] receipt, if the write can be retried: a late copy must not bring back a session that was destroyed
  ARGV[1] SHA-256 of the secret
  ARGV[2] the application's idle timeout, ms
  ARGV[3] the session's own idle timeout, ms, or '' (none)
  ARGV[4] absolute timeout, ms, or '' (none)
  ARGV[5] TTL of the receipt, ms
  ARGV[6..] name/value pairs of attributes
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
redis.call('HSET', key, ':secret', ARGV[1], ':created', now)
for i = 6, #ARGV, 4000 do
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
redis.call('PEXPIRE', key, idle)
if KEYS[2] then redis.call('SET', KEYS[2], now, 'PX', ARGV[5]) end
return now
`,
  'destroy': `--[[ destroy: delete a session, unless its secret was replaced.
  KEYS[1] session hash   ARGV[1] SHA-256 that the secret must still have
  returns 1 deleted | 0 the session does not exist | -1 the secret was replaced ]]
local secret = redis.call('HGET', KEYS[1], ':secret')
if not secret then return 0 end
if secret ~= ARGV[1] then return -1 end
return redis.call('DEL', KEYS[1])
`,
  'drop': `--[[ drop: delete the lock of a destroyed session and notify its waiters.
  KEYS[1] lock
  returns 1 deleted | 0 there was no lock ]]
local value = redis.call('GET', KEYS[1])
if not value then return 0 end
redis.call('DEL', KEYS[1])
for token, channel in string.gmatch(value, '\\n([^@\\n]+)@([^\\n]+)') do
  redis.pcall('PUBLISH', channel, token)
end
return 1
`,
  'hand-over': `--[[ hand_over: give a lock to its first waiter, or delete it if nobody waits. Part of other scripts.
  The value of a lock is the token of its holder, then "\\n<token>@<channel>" for each waiter. A channel contains no line
  break. The lease of the new holder is 2 seconds, in case it has gone; it must renew the lease. ]]
local function hand_over(lock, value)
  local token, channel, rest = string.match(value, '^[^\\n]+\\n([^@\\n]+)@([^\\n]+)(.*)$')
  if not token then return redis.call('DEL', lock) end
  -- Redis refuses SET if it is out of memory, but never DEL.
  if redis.pcall('SET', lock, token .. rest, 'PX', 2000).err then redis.call('DEL', lock) end
  -- pcall: without permission to publish, waiters still poll the lock.
  redis.pcall('PUBLISH', channel, token)
end
`,
  'lifetime': `--[[ lifetime: the TTL of a session, ms; 0 or less if its absolute end has passed. Part of other scripts.
  The absolute end is the earlier of the stored one and the one of today's option. ]]
local function lifetime(idle, created, expires, absolute)
  if not expires and absolute == '' then return tonumber(idle) end
  local time = redis.call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
  local ends = absolute == '' and math.huge or (created or 0) + absolute
  return math.min(idle, ends - now, (expires or math.huge) - now)
end
`,
  'release': `--[[ release: release a lock, or leave its queue.
  KEYS[1] lock   ARGV[1] token of the holder or waiter
  returns 1 released, or left the queue | 0 the token neither held the lock nor waited ]]
local value = redis.call('GET', KEYS[1])
local place = value and string.find(value, ARGV[1], 1, true)
if not place then return 0 end
if place == 1 then
  hand_over(KEYS[1], value)
else
  local behind = string.find(value, '\\n', place, true) or #value + 1
  -- pcall: if Redis is out of memory, the waiter stays in the queue and later holds the lock for 2 seconds.
  redis.pcall('SET', KEYS[1], string.sub(value, 1, place - 2) .. string.sub(value, behind), 'KEEPTTL')
end
return 1
`,
  'renew': `--[[ renew: renew the lease of a lock.
  KEYS[1] lock   KEYS[2] session hash, if ARGV[3] is given
  ARGV[1] token of its holder   ARGV[2] lease, ms   ARGV[3] SHA-256 that the secret must still have, or '' (any)
  returns 1 renewed | 0 this token does not hold the lock, or the secret was replaced ]]
local value = redis.call('GET', KEYS[1])
if not value or string.find(value, ARGV[1], 1, true) ~= 1 then return 0 end
if ARGV[3] ~= '' and redis.call('HGET', KEYS[2], ':secret') ~= ARGV[3] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
`,
  'save': `--[[ save: write the changes of a session and touch it; release its lock if asked.
  KEYS[1] session hash   KEYS[2] its lock, if ARGV[2] or KEYS[3] is given
  KEYS[3] receipt, if the write can be retried: a copy that finds it returns 1 and writes nothing
  ARGV[1] the application's idle timeout, ms (used if the session has none of its own)
  ARGV[2] token that must hold KEYS[2], or '' (no lock)
  ARGV[3] SHA-256 that the secret must still have, or '' (any)
  ARGV[4] SHA-256 of the new secret, or '' (none); if it is stored already, this is a copy too
  ARGV[5] TTL of the receipt, ms   ARGV[6] 1 (release the lock) or '' (keep it)
  ARGV[7] the session's own new idle timeout, ms, or '' (unchanged)
  ARGV[8] the application's absolute timeout, ms, or '' (none)
  ARGV[9] n; then n items: name/value pairs to set; then the names to delete
  returns 1 saved | 0 the session does not exist | -1 the secret was replaced | -2 the token does not hold the lock
  Writes nothing unless it returns 1. ]]
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
`,
  'touch': `--[[ touch: set the TTL of a session to its idle timeout, never past its absolute end.
  KEYS[1] session hash
  ARGV[1] the application's idle timeout, ms (used if the session has none of its own)
  ARGV[2] the application's absolute timeout, ms, or '' (none)
  ARGV[3] SHA-256 that the secret must still have, or '' (any)
  returns 1 touched | 0 the session does not exist | -1 the secret was replaced ]]
local held = redis.call('HMGET', KEYS[1], ':secret', ':created', ':idle', ':expires')
if not held[1] then return 0 end
if ARGV[3] ~= '' and held[1] ~= ARGV[3] then return -1 end
local idle = lifetime(held[3] or ARGV[1], held[2], held[4], ARGV[2])
redis.call('PEXPIRE', KEYS[1], idle)
-- A TTL of 0 or less has deleted the session.
if idle <= 0 then return 0 end
return 1
`,
  'wait': `--[[ wait: take the lock of a session if it is free, or else enter its queue.
  KEYS[1] session hash   KEYS[2] its lock
  ARGV[1] token of the waiter   ARGV[2] lease, ms   ARGV[3] channel that notifies the waiter
  returns 2 taken now | 1 held already, lease renewed | 0 the session does not exist
          | -n another token holds the lock; its lease has n ms left ]]
local lock, token = KEYS[2], ARGV[1]
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
if redis.call('SET', lock, token, 'NX', 'PX', ARGV[2]) then return 2 end
local value = redis.call('GET', lock)
local place = string.find(value, token, 1, true)
if place == 1 then
  redis.call('PEXPIRE', lock, ARGV[2])
  return 1
end
-- APPEND keeps the TTL: the queue expires with the lease, and its waiters then enter a new one.
if not place then redis.call('APPEND', lock, '\\n' .. token .. '@' .. ARGV[3]) end
return -math.max(redis.call('PTTL', lock), 1)
`,
};
