--[[ destroy: remove a session with its lock, and tell those who wait for that.
  KEYS[1] session hash   KEYS[2] its lock
  returns 1 removed | 0 there was no such session ]]
local value = redis.call('GET', KEYS[2])
local removed = redis.call('DEL', KEYS[1])
if value then
  redis.call('DEL', KEYS[2])
  for token, channel in string.gmatch(value, ' (%S+)@(%S+)') do
    redis.pcall('PUBLISH', channel, token)
  end
end
return removed
