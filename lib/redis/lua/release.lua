--[[ release: release a lock, or leave its queue.
  KEYS[1] lock   ARGV[1] token of the holder or waiter
  returns 1 released, or left the queue | 0 the token neither held the lock nor waited ]]
local value = redis.call('GET', KEYS[1])
local place = value and string.find(value, ARGV[1], 1, true)
if not place then return 0 end
if place == 1 then
  hand_over(KEYS[1], value)
else
  local behind = string.find(value, '\n', place, true) or #value + 1
  -- pcall: if Redis is out of memory, the waiter stays in the queue and later holds the lock for 2 seconds.
  redis.pcall('SET', KEYS[1], string.sub(value, 1, place - 2) .. string.sub(value, behind), 'KEEPTTL')
end
return 1
