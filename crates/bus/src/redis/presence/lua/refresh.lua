-- ARGV[4]: the life of a connection in ms; then user, connection, status, life left in ms or -1 for the whole.
for i = 5, #ARGV, 4 do
  local user = ARGV[i]
  local known = load(user)
  local left = tonumber(ARGV[i + 3])
  if left < 0 then left = tonumber(ARGV[4]) end
  known.c[ARGV[i + 1]] = { tonumber(ARGV[i + 2]), now + left }
  known.l = now
  settle(user, known, false)
end
-- A state that nobody refreshes for a month is of an installation that is gone.
for _, key in ipairs(KEYS) do redis.call('PEXPIRE', key, 2592000000) end
return life()
