--[[ lifetime: the TTL of a session, ms; 0 or less if its absolute end has passed. Part of other scripts.
  The absolute end is the earlier of the stored one and the one of today's option, which counts from `began`. ]]
local function lifetime(idle, began, expires, absolute)
  if not expires and absolute == '' then return tonumber(idle) end
  local time = redis.call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
  local ends = absolute == '' and math.huge or (began or 0) + absolute
  return math.min(idle, ends - now, (expires or math.huge) - now)
end
