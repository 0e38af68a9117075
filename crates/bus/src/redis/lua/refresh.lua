-- ARGV[4]: how long a connection lasts in ms; ARGV[5]: how many a user may have; then user, connection, status, remaining
-- ms or -1 for the full time.
local function count(connections)
  local found = 0
  for _, connection in pairs(connections) do
    if connection[2] > now then found = found + 1 end
  end
  return found
end
for i = 6, #ARGV, 4 do
  local user = ARGV[i]
  local known = load(user)
  local left = tonumber(ARGV[i + 3])
  if left < 0 then left = tonumber(ARGV[4]) end
  if known.c[ARGV[i + 1]] or count(known.c) < tonumber(ARGV[5]) then
    known.c[ARGV[i + 1]] = { tonumber(ARGV[i + 2]), now + left }
  end
  known.l = now
  settle(user, known, false)
end
-- A state that is not refreshed for a month belongs to an installation that no longer exists.
for _, key in ipairs(KEYS) do redis.call('PEXPIRE', key, 2592000000) end
return life()
