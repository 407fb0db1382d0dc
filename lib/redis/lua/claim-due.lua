--[[ claim_due: take sessions that may have expired, so that for a while no other process looks at them.
  KEYS[1] sorted set of session ids, scored by when they may have expired
  ARGV[1] how long no other process gets them, ms   ARGV[2] how many to take at most
  returns their ids ]]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local due = redis.call('ZRANGE', KEYS[1], '-inf', now, 'BYSCORE', 'LIMIT', 0, ARGV[2])
for _, id in ipairs(due) do redis.call('ZADD', KEYS[1], 'XX', now + ARGV[1], id) end
return due
