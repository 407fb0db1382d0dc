--[[ release: release a lock, or leave its queue.
  KEYS[1] lock   ARGV[1] token of the holder or waiter
  returns 1 released, or left | 0 was neither holder nor waiter ]]
local value = redis.call('GET', KEYS[1])
local place = value and string.find(value, ARGV[1], 1, true)
if not place then return 0 end
if place == 1 then
  hand_over(KEYS[1], value)
else
  local behind = string.find(value, '\n', place, true) or #value + 1
  -- Out of memory: a waiter that has gone keeps its place, and the lock for 2 seconds when its turn comes.
  redis.pcall('SET', KEYS[1], string.sub(value, 1, place - 2) .. string.sub(value, behind), 'KEEPTTL')
end
return 1
