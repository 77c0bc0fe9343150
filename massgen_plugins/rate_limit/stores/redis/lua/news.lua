-- Takes note of what is true by now of calls that were admitted earlier: they are stamped, settled, released.
--
-- KEYS, ARGV 1: see _book.lua, _days.lua, _news.lua; without bids
-- ARGV 2: the name of this process
--
-- Reply: the scope's clock, the server's
-- include: _book
-- include: _days
-- include: _news
-- include: _save
if ALOFT > 0 then -- for people to see: a desk that another program has written is no obstacle
  redis.pcall('HSET', DESK, 'flights:' .. ARGV[2], pack('<dd', ALOFT, now))
elseif ALOFT == 0 then
  redis.pcall('HDEL', DESK, 'flights:' .. ARGV[2])
end
if freed and H[WAITING] > 0 then
  -- include: _lessons
  -- include: _room
  -- include: _line
  wake_first('', false)
  save_all()
end
return pack('<dd', now, raw)
