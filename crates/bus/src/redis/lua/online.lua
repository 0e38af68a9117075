-- Returns the number of online users. Expired connections are removed first, so that it only needs to count.
while expire() do end
return redis.call('ZCARD', alive)
