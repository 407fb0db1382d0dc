--[[ save_plain: set attributes of a session, and touch it if asked. The short form of save.
  KEYS[1] session hash
  ARGV[1] SHA-256 that the secret must still have, or '' (any)
  ARGV[2] the application's idle timeout, ms (used if the session has none of its own), or '' (do not touch)
  ARGV[3..] name/value pairs of attributes
  returns 1 saved | 0 the session does not exist | -1 the secret was replaced
  Writes nothing unless it returns 1. ]]
local key, secret, idle = KEYS[1], nil, nil
if ARGV[2] == '' then
  secret = redis.call('HGET', key, ':secret')
else
  local held = redis.call('HMGET', key, ':secret', ':idle', ':expires')
  secret, idle = held[1], held[2] or ARGV[2]
  if held[3] then
    idle = lifetime(idle, nil, held[3], '')
    if idle <= 0 then return 0 end
  end
end
if not secret then return 0 end
if secret ~= ARGV[1] and ARGV[1] ~= '' then return -1 end
redis.call('HSET', key, unpack(ARGV, 3))
if idle then redis.call('PEXPIRE', key, idle) end
return 1
