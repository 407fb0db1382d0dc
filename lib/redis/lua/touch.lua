--[[ touch: slide the expiry of one live session.
  KEYS[1] session hash
  ARGV[1] the application's idle timeout, ms (the session's own one counts, if it has one)
  ARGV[2] the application's absolute timeout, ms, or '' (none)
  ARGV[3] SHA-256 that the secret must still have, or '' (any)
  returns 1 slid | 0 session is gone | -1 the secret was replaced by another ]]
local held = redis.call('HMGET', KEYS[1], ':secret', ':created', ':idle', ':expires')
if not held[1] then return 0 end
if ARGV[3] ~= '' and held[1] ~= ARGV[3] then return -1 end
local idle = lifetime(held[3] or ARGV[1], held[2], held[4], ARGV[2])
redis.call('PEXPIRE', KEYS[1], idle)
-- A session whose end has passed is deleted by that.
if idle <= 0 then return 0 end
return 1
