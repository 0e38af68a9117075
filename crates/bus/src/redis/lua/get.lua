-- ARGV[4] and following: users. Returns for each: status, last seen or -1, whether they went offline without saying so.
local answer = {}
for i = 4, #ARGV do
  local packed = redis.call('HGET', users, ARGV[i])
  local best, last_seen, ran_out = 0, -1, 1
  if packed then
    local known = cmsgpack.unpack(packed)
    last_seen, ran_out = known.l, known.x
    if next(known.c) then ran_out = 1 end
    for _, connection in pairs(known.c) do
      if connection[2] > now and connection[1] > best then best = connection[1] end
    end
  end
  answer[#answer + 1] = best
  answer[#answer + 1] = last_seen
  answer[#answer + 1] = ran_out
end
return answer
