--[[ check_rights: ask whether the user may run commands, without running them.
  ARGV[1]… each a command with its arguments, a JSON array
  returns nothing that the server cannot answer (before Redis 7.0), or for each command: 1 allowed | 0 refused | -1 the server
  does not know it ]]
if not redis.acl_check_cmd then return false end
local rights = {}
for place = 1, #ARGV do
  local known, allowed = pcall(redis.acl_check_cmd, unpack(cjson.decode(ARGV[place])))
  rights[place] = known and (allowed and 1 or 0) or -1
end
return rights
