--[[ lifetime: how many ms a session lives from now, 0 or less if its absolute end has passed. Part of other scripts.
  The end that was set at its creation and the one that the option gives today both count. ]]
local function lifetime(idle, created, expires, absolute)
  if not expires and absolute == '' then return tonumber(idle) end
  local time = redis.call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
  local ends = absolute == '' and math.huge or (created or 0) + absolute
  return math.min(idle, ends - now, (expires or math.huge) - now)
end
