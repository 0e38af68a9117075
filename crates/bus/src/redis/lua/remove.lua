-- ARGV[4]: user; ARGV[5]: connection, or none for all of the user's.
local user, connection = ARGV[4], ARGV[5]
if redis.call('HEXISTS', users, user) == 0 then return 0 end
local known = load(user)
if connection then
  if not known.c[connection] then return 0 end
  known.c[connection] = nil
else
  known.c = {}
end
known.l = now
settle(user, known, false)
return 1
