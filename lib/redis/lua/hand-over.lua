--[[ hand_over: give a lock to its first waiter, or delete it if nobody waits. Part of other scripts.
  The value of a lock is the token of its holder, then "\n<token>@<channel>" for each waiter. A channel contains no line
  break. The lease of the new holder is 2 seconds, in case it has gone; it must renew the lease. ]]
local function hand_over(lock, value)
  local token, channel, rest = string.match(value, '^[^\n]+\n([^@\n]+)@([^\n]+)(.*)$')
  if not token then return redis.call('DEL', lock) end
  -- Redis refuses SET if it is out of memory, but never DEL.
  if redis.pcall('SET', lock, token .. rest, 'PX', 2000).err then redis.call('DEL', lock) end
  -- pcall: without permission to publish, waiters still poll the lock.
  redis.pcall('PUBLISH', channel, token)
end
