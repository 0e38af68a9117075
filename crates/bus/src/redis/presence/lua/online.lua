-- How many are there. What ran out is ended first, so it is a count and no search.
while expire() do end
return redis.call('ZCARD', alive)
