--[[ hand_over: give the lock to its first waiter, or free it if nobody waits. Part of other scripts.
  A lock's value is the token of its holder, then "\n<token>@<channel>" for each waiter. A channel may contain any
  character but a line break. The next holder has 2 seconds to renew the lease, in case it has gone. ]]
local function hand_over(lock, value)
  local token, channel, rest = string.match(value, '^[^\n]+\n([^@\n]+)@([^\n]+)(.*)$')
  if not token then return redis.call('DEL', lock) end
  -- Redis that is out of memory refuses SET, never DEL.
  if redis.pcall('SET', lock, token .. rest, 'PX', 2000).err then redis.call('DEL', lock) end
  -- An account that may not publish is no reason to fail: waiters look again after a while.
  redis.pcall('PUBLISH', channel, token)
end
