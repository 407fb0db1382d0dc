--[[ authenticate: note that the user of a session authenticated now, or that it has no user any more. Part of other scripts.
  what: 'bound' | 'renewed': both timeouts start again, as in a session created now | 'ended': forget the time
  left: the TTL of the session, ms   idle: its idle timeout, ms   absolute: absolute timeout, ms, or '' (none)
  returns the TTL of the session, ms ]]
local function authenticate(key, what, left, idle, absolute)
  if what == 'ended' then
    redis.call('HDEL', key, ':authenticated')
    return left
  end
  local time = redis.call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
  redis.call('HSET', key, ':authenticated', now)
  if what == 'bound' then return left end
  redis.call('HSET', key, ':restarted', now)
  redis.call('HDEL', key, ':expires')
  if absolute ~= '' then redis.call('HSET', key, ':expires', now + absolute) end
  return lifetime(idle, now, nil, absolute)
end
