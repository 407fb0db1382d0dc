--[[ release: let go of a lock, or of a place in its line.
  KEYS[1] lock   ARGV[1] token of the one who leaves
  returns 1 left | 0 was not there ]]
local value = redis.call('GET', KEYS[1])
local place = value and string.find(value, ARGV[1], 1, true)
if not place then return 0 end
if place == 1 then
  hand_over(KEYS[1], value)
else
  local behind = string.find(value, ' ', place, true) or #value + 1
  redis.call('SET', KEYS[1], string.sub(value, 1, place - 2) .. string.sub(value, behind), 'KEEPTTL')
end
return 1
