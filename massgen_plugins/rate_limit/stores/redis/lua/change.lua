-- Lets other rules or lessons hold, if nobody has changed them meanwhile. What was spent stays spent.
--
-- KEYS, ARGV 1: see _book.lua; the call goes on with the edition of the lessons that the caller has read; pause, closed,
-- probe, since; share; spent day; whether successes are news; and, if the limits are others now, for each new window the
-- window so far of the same length, else 0; for each new limit the limit so far of the same kind and window, else 0
-- ARGV 2, 3, 4: rules, lessons (JSON), advice
-- ARGV 5: empty, or a new prefix and header if the limits are others now
--
-- Reply: the scope's clock, the server's; or, a list: 6 another edition
-- include: _book
-- include: _lessons
if H[EDITION] ~= A[3] then
  return {6}
end
H[EDITION] = H[EDITION] + 1
H[PAUSE], H[CLOSED], H[PROBE], H[SINCE], H[SHARE], H[SPENT_DAY], H[TROUBLED] = unpack_(A, 4, 10)
call('HSET', DESK, 'rules', ARGV[2], 'lessons', ARGV[3], 'advice', ARGV[4])

-- The cells of a window so far: their stamps and rows.
local function cells_of(window)
  local w = 7 * window - 1
  local _, _, cell, count, offset, width, first = unpack_(H, w + 1, w + 7)
  local columns, cells, tail = (width - 5) / 6, {}, H[TAIL + 2 * window - 1]
  local ring = call('GETRANGE', BOOK, offset, offset + count * width - 1)
  for step = tail, tail + count - 1 do
    local found = {sunpack(sub(CELL, 1, 3 + 2 * columns), ring, step % count * width + 1)}
    local row = {stamp = step * cell + found[1]}
    for column = 1, columns do
      row[first + column - 1] = found[column + 1]
    end
    cells[#cells + 1] = row
  end
  return cells
end

-- Enters cells into an empty ring of another header, as far as they count there.
local function enter(ring, N, window, cells, places, used)
  local w, t = 7 * window - 1, N.tail + 2 * window - 1
  local length, _, cell, count, _, width, first = unpack_(N, w + 1, w + 7)
  local columns, kept = (width - 5) / 6, {}
  local tail = floor((now - length) / cell)
  for _, each in ipairs(cells) do
    local step, any = floor(each.stamp / cell), false
    local row = kept[step] or {0}
    for column = 1, columns do
      local amount = each[places[first + column - 1]] or 0
      any = any or amount > 0
      row[column + 1] = (row[column + 1] or 0) + amount
    end
    if any and each.stamp + length > now then
      row[1], kept[step] = max(row[1], each.stamp - step * cell), row
    end
  end
  for step = tail, tail + count - 1 do
    local row = kept[step]
    for column = 1, row and columns or 0 do
      N[used + first + column - 1] = N[used + first + column - 1] + row[column + 1]
    end
    ring[step % count + 1] = row and pack(sub(CELL, 1, 3 + 2 * columns), unpack_(row)) or rep('\0', width)
  end
  N[t], N[t + 1] = tail, max(now, tail * cell + length)
  return table.concat(ring)
end

if ARGV[5] == '' then
  save_all()
else
  local fields = (#ARGV[5] - 20) / 8
  local N = {sunpack('<' .. rep('d', fields), ARGV[5], 21)}
  N[fields + 1] = nil
  local windows, limits, days = N[1], N[2], N[3]
  local last = 6 + 7 * windows + 2 * limits + 1
  local used = last + 4 + 2 * windows
  N.tail = last + 4
  N[last], N[last + 1], N[last + 2], N[last + 3], N[last + 4] = now, H[SHIFT], 0, H[WAITING], H[TROUBLED]
  local rings = {}
  for window = 1, windows do
    local from = A[10 + window]
    rings[window] = enter({}, N, window, from > 0 and cells_of(from) or {}, {unpack_(A, 11 + windows)}, used)
  end
  for day = 1, days do
    local from = A[10 + windows + limits - days + day]
    for each = 1, from > 0 and 6 or 0 do
      N[used + limits + 6 * day - 6 + each] = H[DAY + 6 * (from - LIMITS + DAYS) - 6 + each]
    end
  end
  for each = 1, 9 do
    N[fields - 9 + each] = H[COLD + each]
  end
  local header = pack('<' .. rep('d', fields), unpack_(N, 1, fields))
  call('SET', BOOK, sub(ARGV[5], 1, 20) .. header .. table.concat(rings))
  call('PEXPIRE', BOOK, N[4] / 1000)
end
local first = H[WAITING] > 0 and redis.pcall('ZRANGE', LINE, 0, 0)[1]
if first then
  redis.pcall('PUBLISH', 'massgen-rl:wake:' .. first, BOOK)
end
return pack('<dd', now, raw)
