-- Books `row`: what a bid takes of each limit. The server will have counted it by the stamp, at the latest.
for window = 1, WINDOWS do
  local w = 7 * window - 1
  local cell, offset, width, first = H[w + 3], H[w + 5], H[w + 6], H[w + 7] - 1
  local columns, stamp = (width - 5) / 6, now + H[w + 2]
  local format, step = sub(CELL, 1, 3 + 2 * columns), floor(stamp / cell)
  local place = offset + step % H[w + 4] * width
  local found = {sunpack(format, call('GETRANGE', BOOK, place, place + width - 1))}
  found[1] = max(found[1], stamp - step * cell)
  for column = 1, columns do
    local limit = first + column
    H[USED + limit] = H[USED + limit] + row[limit]
    found[column + 1] = min(found[column + 1] + row[limit], 281474976710655)
  end
  call('SETRANGE', BOOK, place, pack(format, unpack_(found, 1, columns + 1)))
end
for day = 1, DAYS do
  local limit = DAILY + day
  H[USED + limit] = H[USED + limit] + row[limit]
  for each = TODAY + 2 * day - 1, TODAY + 2 * day do
    local date, amount = A[each], row[limit]
    if date ~= 0 then
      -- include: _spend_day
    end
  end
end
granted = granted + 1
