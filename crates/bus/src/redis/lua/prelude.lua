-- One shard of presence; every script starts with this.
-- KEYS: users (hash: user -> record), alive (zset: user by the earliest expiry of their connections), changes (zset:
-- user by the version of their last change), gone (zset: user by the time they were last seen), meta (hash).
-- ARGV: the time in ms or -1 for the server's, a name for the state if it is new, how many offline users are kept.
-- A user's record: c (connection -> status, expiry), s (status as reported), l (last seen), x (1: it expired).
local users, alive, changes, gone, meta = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local now = tonumber(ARGV[1])
if now < 0 then
  local time = redis.call('TIME')
  now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end

-- The name of this state: a different one means that the previous data is lost.
local function life()
  local found = redis.call('HGET', meta, 'life')
  if found then return found end
  redis.call('HSET', meta, 'life', ARGV[2])
  return ARGV[2]
end

local function load(user)
  local packed = redis.call('HGET', users, user)
  if packed then return cmsgpack.unpack(packed) end
  return { c = {}, s = 0, l = 0, x = 0, f = 1 }
end

-- Removes expired connections and keeps the rest; a change of status gets the next version.
local function settle(user, known, ran_out)
  local best, first = 0, nil
  for id, connection in pairs(known.c) do
    if connection[2] <= now then
      known.c[id] = nil
    else
      if connection[1] > best then best = connection[1] end
      if not first or connection[2] < first then first = connection[2] end
    end
  end
  local fresh = known.f
  known.f = nil
  if first then
    redis.call('ZADD', alive, first, user)
    if known.s == 0 then redis.call('ZREM', gone, user) end
  else
    redis.call('ZREM', alive, user)
    redis.call('ZADD', gone, known.l, user)
  end
  if best ~= known.s then
    known.s = best
    known.x = (best == 0 and ran_out) and 1 or 0
    redis.call('ZADD', changes, redis.call('HINCRBY', meta, 'version', 1), user)
  end
  redis.call('HSET', users, user, cmsgpack.pack(known))
end

-- Removes expired connections; returns whether there are more. Also removes the users who have been offline for longest.
local function expire()
  local due = redis.call('ZRANGEBYSCORE', alive, '-inf', now, 'LIMIT', 0, 500)
  for _, user in ipairs(due) do settle(user, load(user), true) end
  local excess = redis.call('ZCARD', gone) - tonumber(ARGV[3])
  if excess > 0 then
    local longest = redis.call('ZPOPMIN', gone, math.min(excess, 500))
    for i = 1, #longest, 2 do
      redis.call('HDEL', users, longest[i])
      redis.call('ZREM', changes, longest[i])
    end
  end
  return #due >= 500
end
