-- Begins the book of a scope, if there is none.
--
-- KEYS: see _book.lua
-- ARGV 1: 0, or in tests the server's clock (microseconds)
-- ARGV 2: prefix and header; when it was born and its latest moment are still zero
-- ARGV 3: bytes before the latest moment; 4: bytes of the whole book; 5: milliseconds that it is kept unused
-- ARGV 6, 7, 8: rules, lessons (JSON), advice
--
-- Reply, a list: 0; or 2: there is one
local BORN_AT = 4 -- bytes before it
local BOOK, LINE, DESK = KEYS[1], KEYS[2], KEYS[3]
if redis.call('EXISTS', BOOK) == 1 then
  return {2}
end
local raw = tonumber(ARGV[1])
if raw == 0 then
  local time = redis.call('TIME')
  raw = time[1] * 1000000 + time[2]
end
local moment = struct.pack('<d', raw)
redis.call('DEL', LINE, DESK)
redis.call('HSET', DESK, 'rules', ARGV[6], 'lessons', ARGV[7], 'advice', ARGV[8])
redis.call('SETRANGE', BOOK, ARGV[4] - 1, '\0')
redis.call('SETRANGE', BOOK, 0, ARGV[2])
redis.call('SETRANGE', BOOK, BORN_AT, moment)
redis.call('SETRANGE', BOOK, ARGV[3], moment)
redis.call('PEXPIRE', BOOK, ARGV[5])
redis.call('PEXPIRE', DESK, math.max(2592000000, tonumber(ARGV[5]))) -- 30 days at least
return {0}
