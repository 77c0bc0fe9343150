-- What time it is.
--
-- Reply: the server's clock, twice (microseconds, as doubles)
local time = redis.call('TIME')
local raw = time[1] * 1000000 + time[2]
return struct.pack('<dd', raw, raw)
