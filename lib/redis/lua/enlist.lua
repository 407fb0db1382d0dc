--[[ enlist: note a session in an index, and remove some entries whose time is over.
  KEYS[1] index   ARGV[1] session id   ARGV[2] how long to keep the entry, ms
  returns 1
  Idempotent: an entry is kept for the longest time that it was given. ]]
local key, keep = KEYS[1], tonumber(ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
-- At most 100, because Redis serves nobody else meanwhile. Every call adds one, so old entries do not pile up.
local old = redis.call('ZRANGE', key, '-inf', now, 'BYSCORE', 'LIMIT', 0, 100)
if #old > 0 then redis.call('ZREM', key, unpack(old)) end
redis.call('ZADD', key, 'GT', now + keep, ARGV[1])
if redis.call('PTTL', key) < keep then redis.call('PEXPIRE', key, keep) end
return 1
