-- A lane waits no more.
--
-- KEYS, ARGV 1: see _book.lua
-- ARGV 2: the lane
--
-- Reply: the scope's clock, the server's
-- include: _book
-- include: _lessons
-- include: _room
-- include: _line
leave(ARGV[2])
wake_first(ARGV[2], true)
save_all()
return pack('<dd', now, raw)
