-- Opens the book of a scope. Every operation on a scope begins with this part.
--
-- Time is in whole microseconds of the scope's clock, amounts are whole numbers; all of them stay below 2^53, so
-- that Lua's numbers hold them exactly. Numbers are packed as doubles, little-endian.
--
-- KEYS (all of one hash tag)
--   1 book   string   the prefix (20 bytes: "MGR", schema, born, version), the header (numbers), then for each
--                     sliding window a ring of cells. A cell: its latest stamp, counted from where the cell begins
--                     (5 bytes), and what was spent, for each limit of the window (6 bytes)
--   2 line   zset     lanes that wait; score: priority * 1e12 + arrival (since born)
--   3 desk   hash     rules, lessons (JSON), advice; claim:LANE and flights:PROCESS (numbers)
-- ARGV
--   1 call   the prefix with which the book has to begin, then numbers:
--              1  0, or in tests the server's clock
--              2  bytes of the prefix and the header
--              and what else the operation needs
--
-- Reply of an operation that is done: numbers, of which the first two are the scope's clock and the server's.
-- Else a list: 1 there is no book; 2 it is of other rules than the caller's; 3 it is another day, the server's
-- clock follows; 4 another schema, its number follows; 5 damaged and set aside, its new name follows
local call, floor, min, max, unpack_ = redis.call, math.floor, math.min, math.max, unpack
local pack, sunpack, rep, sub = struct.pack, struct.unpack, string.rep, string.sub
local BOOK, LINE, DESK = KEYS[1], KEYS[2], KEYS[3]
local NEVER = 9007199254740991
local CELL = '<I5I6I6I6I6I6I6I6I6I6I6I6I6I6I6I6I6I6I6I6I6' -- the format of cells, for as many limits as there are

local A = {sunpack('<' .. rep('d', (#ARGV[1] - 20) / 8), ARGV[1], 21)}
local raw = A[1]
if raw == 0 then
  local time = call('TIME')
  raw = time[1] * 1000000 + time[2]
end

local head = call('GETRANGE', BOOK, 0, A[2] - 1)
if sub(head, 1, 20) ~= sub(ARGV[1], 1, 20) then
  if head == '' then
    return {1}
  elseif sub(head, 1, 3) ~= 'MGR' then
    -- include: _set_aside
  elseif sub(head, 4, 4) ~= sub(ARGV[1], 4, 4) then
    return {4, string.byte(head, 4) or 0}
  end
  return {2}
end
local FIELDS = (A[2] - 20) / 8
local H = {sunpack('<' .. rep('d', FIELDS - 9), head, 21)}

-- The header's constants.
local WINDOWS, LIMITS, DAYS, TTL = H[1], H[2], H[3], H[4] -- 5: bytes of the book; 6: how long a probe is waited for
local WINDOW = 6 -- of each window: length, lead (how far ahead a grant is stamped), cell, cells, offset, width, first limit
local LIMIT = 6 + 7 * WINDOWS -- of each limit: kind, cap. Limits of one window are side by side, daily ones last
-- Its variables.
local LAST = LIMIT + 2 * LIMITS + 1 -- the latest moment
local SHIFT, RENEW, WAITING, TROUBLED = LAST + 1, LAST + 2, LAST + 3, LAST + 4
local TAIL = LAST + 4 -- of each window: its first cell that may hold something, when that may age out
local USED = TAIL + 2 * WINDOWS -- of each limit
local DAY = USED + LIMITS -- of each daily limit: three times a day and what was spent on it
-- And 9 more, see _lessons.lua: they are not needed as long as all is well.

-- The clock of the scope never runs backwards, whatever the server's does.
local now = raw + H[SHIFT]
if now < H[LAST] then
  H[SHIFT], now = H[SHIFT] + H[LAST] - now, H[LAST]
end
H[LAST] = now

-- What is no number is neither less nor more than another one, and so is due. Whoever looks for what has aged out
-- looks at the rest of the header, too.
local due = not (now >= 0 and now < 4e15)
for window = 1, WINDOWS do
  due = due or not (now < H[TAIL + 2 * window])
end
if due then
  local fine = DAY + 6 * DAYS + 9 == FIELDS and #head == A[2] and now >= 0 and now < 4e15
  for window = 1, fine and WINDOWS or 0 do
    local w, t = 7 * window - 1, TAIL + 2 * window - 1
    local ring = H[w + 3] * H[w + 4]
    fine = fine and H[t] >= 0 and H[t] * H[w + 3] - ring <= now and H[t + 1] >= 0 and H[t + 1] - 2 * ring <= now
  end
  for limit = 1, fine and LIMITS or 0 do
    fine = fine and H[USED + limit] >= 0 and H[USED + limit] < NEVER
  end
  if not fine then
    -- include: _set_aside
  end
end

-- Forgets what was stamped one window ago or earlier.
for window = 1, due and WINDOWS or 0 do
  local w, t = 7 * window - 1, TAIL + 2 * window - 1
  local length, _, cell, count, offset, width, first = unpack_(H, w + 1, w + 7)
  local columns = (width - 5) / 6
  local tail, last, living = H[t], floor((now - length) / cell), nil
  if now < H[t + 1] then
    last = tail - 1
  elseif last - tail >= count then -- nothing is younger than the ring is long
    call('SETRANGE', BOOK, offset, rep('\0', count * width))
    for column = 0, columns - 1 do
      H[USED + first + column] = 0
    end
    tail = last + 1
  end
  while tail <= last and not living do
    local run = min(64, last - tail + 1, count - tail % count)
    local from, gone = offset + tail % count * width, run
    local cells = call('GETRANGE', BOOK, from, from + run * width - 1)
    if cells ~= rep('\0', run * width) then
      for place = 0, run - 1 do
        local found = {sunpack(sub(CELL, 1, 3 + 2 * columns), cells, place * width + 1)}
        local stamp, holds = (tail + place) * cell + found[1], false
        for column = 2, columns + 1 do
          holds = holds or found[column] > 0
        end
        if holds and stamp + length > now then
          gone, living = place, stamp
          break
        end
        for column = 0, columns - 1 do
          H[USED + first + column] = max(0, H[USED + first + column] - found[column + 2])
        end
      end
      call('SETRANGE', BOOK, from, rep('\0', gone * width))
    end
    tail = tail + gone
  end
  if now >= H[t + 1] then
    H[t], H[t + 1] = tail, (living or tail * cell) + length
  end
end
