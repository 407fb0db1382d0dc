--[[ bind_device: replace what a session knows of its device, unless another write came first.
  KEYS[1] session hash
  ARGV[1] SHA-256 that the secret must still have
  ARGV[2] the text that the session must have now, or '' (none)
  ARGV[3] the new text, drawn for this write: a copy of it returns 1
  returns 1 bound | 0 the session does not exist | -1 the secret was replaced | -2 another write came first
  Writes nothing unless it returns 1. ]]
local held = redis.call('HMGET', KEYS[1], ':secret', ':device')
if not held[1] then return 0 end
if held[2] == ARGV[3] then return 1 end
if held[1] ~= ARGV[1] then return -1 end
if (held[2] or '') ~= ARGV[2] then return -2 end
redis.call('HSET', KEYS[1], ':device', ARGV[3])
return 1
