--[[ wait: take a lock if it is free, or else enter its queue.
  KEYS[1] session hash, or the lock itself if it belongs to no session   KEYS[2] lock
  ARGV[1] token of the waiter   ARGV[2] lease, ms   ARGV[3] channel that notifies the waiter
  returns 2 taken now | 1 held already, lease renewed | 0 KEYS[1] does not exist
          | -n another token holds the lock; its lease has n ms left ]]
local lock, token = KEYS[2], ARGV[1]
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
if redis.call('SET', lock, token, 'NX', 'PX', ARGV[2]) then return 2 end
local value = redis.call('GET', lock)
local place = string.find(value, token, 1, true)
if place == 1 then
  redis.call('PEXPIRE', lock, ARGV[2])
  return 1
end
-- APPEND keeps the TTL: the queue expires with the lease, and its waiters then enter a new one.
if not place then redis.call('APPEND', lock, '\n' .. token .. '@' .. ARGV[3]) end
return -math.max(redis.call('PTTL', lock), 1)
