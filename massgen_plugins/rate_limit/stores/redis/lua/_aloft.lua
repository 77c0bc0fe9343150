if ALOFT >= 0 and granted > 0 then -- for people to see: a desk that another program has written is no obstacle
  redis.pcall('HSET', DESK, 'flights:' .. ARGV[3], pack('<dd', ALOFT + granted, now))
end
