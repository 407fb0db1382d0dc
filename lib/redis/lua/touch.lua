--[[ touch: set the TTL of a session to its idle timeout, never past its absolute end.
  KEYS[1] session hash
  ARGV[1] the application's idle timeout, ms (used if the session has none of its own)
  ARGV[2] the application's absolute timeout, ms, or '' (none)
  ARGV[3] SHA-256 that the secret must still have, or '' (any)
  returns 1 touched | 0 the session does not exist | -1 the secret was replaced ]]
local held = redis.call('HMGET', KEYS[1], ':secret', ':created', ':idle', ':expires', ':restarted')
if not held[1] then return 0 end
if ARGV[3] ~= '' and held[1] ~= ARGV[3] then return -1 end
local idle = lifetime(held[3] or ARGV[1], held[5] or held[2], held[4], ARGV[2])
redis.call('PEXPIRE', KEYS[1], idle)
-- A TTL of 0 or less has deleted the session.
if idle <= 0 then return 0 end
return 1
