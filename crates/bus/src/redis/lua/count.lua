-- A rate limit (GCRA). Its whole state is the moment, in microseconds, at which everything counted is paid off.
-- KEYS[1]: the limit. ARGV: the time in microseconds or -1 for the server's; take, give_back or add; the count that is
-- admitted in a period; the period in microseconds; how many are taken, given back or added.
-- Returns for take how long until there is a place, 0 if one was taken; for add how long until all places are free.
local now, what = tonumber(ARGV[1]), ARGV[2]
local period, many = tonumber(ARGV[4]), tonumber(ARGV[5])
if now < 0 then
  local time = redis.call('TIME')
  now = tonumber(time[1]) * 1000000 + tonumber(time[2])
end
local price = math.floor(period * many / tonumber(ARGV[3]))
local even = tonumber(redis.call('GET', KEYS[1]) or 0)

local after
if what == 'give_back' then
  after = even - price
else
  after = math.max(even, now) + price
  if what == 'take' and after - now > period then return after - now - period end
  if what == 'add' then after = math.max(math.min(after, now + period), even) end
end

if after <= now then
  redis.call('DEL', KEYS[1])
  return 0
end
redis.call('SET', KEYS[1], string.format('%.0f', after), 'PX', math.ceil((after - now) / 1000))
if what == 'add' then return after - now end
return 0
