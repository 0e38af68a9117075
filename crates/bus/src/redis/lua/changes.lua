-- Removes expired connections, then returns the changes. ARGV[4]: the state's name that the caller knows; ARGV[5]: the
-- caller's version, which this state may not have reached: a promoted replica may lack the last changes.
-- Returns name, version, whether there is more; then user, status, last seen, whether it expired.
local more = expire()
local mine = life()
local reached = tonumber(redis.call('HGET', meta, 'version') or 0)
local version = (ARGV[4] == mine and tonumber(ARGV[5]) <= reached) and ARGV[5] or '0'
local changed = redis.call('ZRANGEBYSCORE', changes, '(' .. version, '+inf', 'WITHSCORES', 'LIMIT', 0, 500)
local answer = { mine, version, 0 }
for i = 1, #changed, 2 do
  local known = load(changed[i])
  for _, value in ipairs({ changed[i], known.s, known.l, known.x }) do answer[#answer + 1] = value end
  answer[2] = changed[i + 1]
end
if more or #changed >= 1000 then answer[3] = 1 end
return answer
