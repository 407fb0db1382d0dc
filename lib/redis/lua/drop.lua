--[[ drop: delete the lock of a destroyed session and notify its waiters.
  KEYS[1] lock
  returns 1 deleted | 0 there was no lock ]]
local value = redis.call('GET', KEYS[1])
if not value then return 0 end
redis.call('DEL', KEYS[1])
for token, channel in string.gmatch(value, '\n([^@\n]+)@([^\n]+)') do
  redis.pcall('PUBLISH', channel, token)
end
return 1
