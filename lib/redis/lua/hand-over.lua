--[[ hand_over: give the lock to the first in its line, or free it where nobody stands there. Part of other scripts.
  A lock's value is the token of its holder, then " <token>@<channel>" of each who waits for it. The next holder has
  2 seconds to make the lease its own, in case it is there no more. ]]
local function hand_over(lock, value)
  local token, channel, rest = string.match(value, '^%S+ (%S+)@(%S+)(.*)$')
  if not token then return redis.call('DEL', lock) end
  redis.call('SET', lock, token .. rest, 'PX', 2000)
  -- An account that may not publish is no reason to fail: who waits looks again after a while.
  redis.pcall('PUBLISH', channel, token)
end
