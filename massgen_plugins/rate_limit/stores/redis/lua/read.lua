-- What is kept of a scope, as it is, and whether it can be read at all.
--
-- KEYS: see _book.lua
-- ARGV 1: 0, or in tests the server's clock (microseconds)
-- ARGV 2: the schema (one byte)
-- ARGV 3, 4: rules and lessons that the caller cannot read: they are set aside if they still stand there
--
-- Reply, a list: 0; server's clock (microseconds); prefix and header; rules, lessons (JSON)
--    or: 1 there is no book; rules, lessons (JSON) that were left, else empty
--    or: 4 another schema; its number
--    or: 5 damaged, set aside; its new name
local HEAD_MOST = 4096 -- bytes
local BOOK, LINE, DESK = KEYS[1], KEYS[2], KEYS[3]
local raw = tonumber(ARGV[1])
if raw == 0 then
  local time = redis.call('TIME')
  raw = time[1] * 1000000 + time[2]
end

local function set_aside()
  local name
  for _, key in ipairs({DESK, BOOK}) do
    if redis.call('EXISTS', key) == 1 then
      name = key .. ':broken:' .. string.format('%.0f', raw)
      redis.call('RENAME', key, name)
      redis.call('PEXPIRE', name, 604800000) -- a week, in milliseconds
    end
  end
  redis.call('DEL', LINE)
  return {5, name}
end

local head = redis.pcall('GETRANGE', BOOK, 0, HEAD_MOST - 1)
local kept = redis.pcall('HMGET', DESK, 'rules', 'lessons')
if kept.err then
  return set_aside()
end
if head == '' then
  return {1, kept[1] or '', kept[2] or ''}
end
if type(head) ~= 'string' or string.sub(head, 1, 3) ~= 'MGR' then
  return set_aside()
end
if string.sub(head, 4, 4) ~= ARGV[2] then
  return {4, string.byte(head, 4) or 0}
end
if not (kept[1] and kept[2]) or (kept[1] == ARGV[3] and kept[2] == ARGV[4]) or #head < 60
    or struct.unpack('<d', head, 53) ~= redis.call('STRLEN', BOOK) then
  return set_aside()
end
return {0, raw, head, kept[1], kept[2]}
