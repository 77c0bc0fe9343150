-- What is missing, and when there will be room.

-- The limit that is passed by most if `row` is spent; nil if there is room.
local function lacks(row)
  local most, found = 0, nil
  for limit = 1, LIMITS do
    local excess = H[USED + limit] + row[limit] - caps[limit]
    if excess > most then
      most, found = excess, limit
    end
  end
  return found
end

-- What amounts by kind (behind `at`) take of each limit, and no more than all of it.
local function row_of(amounts, at)
  local row = {}
  for limit = 1, LIMITS do
    local amount = amounts[at + H[LIMIT + 2 * limit - 1]]
    row[limit] = caps[limit] > 0 and min(amount, caps[limit]) or amount
  end
  return row
end

-- When a window has room for `row`, if nothing is added; an estimate from below where more is wanted than all of it.
local function window_frees_at(window, row)
  local w = 7 * window - 1
  local length, lead, cell, count, offset, width, first = unpack_(H, w + 1, w + 7)
  local columns = (width - 5) / 6
  local format = sub(CELL, 1, 3 + 2 * columns)
  local missing, rounds, when = {}, 0, now
  local function lacking()
    for column = 1, columns do
      if missing[column] > 0 then
        return true
      end
    end
    return false
  end
  for column = 1, columns do
    local limit = first + column - 1
    missing[column] = H[USED + limit] + row[limit] - caps[limit]
    if caps[limit] > 0 and row[limit] > caps[limit] then
      rounds = max(rounds, math.ceil((row[limit] - caps[limit]) / caps[limit]))
    end
  end
  local step, last = H[TAIL + 2 * window - 1], floor((now + lead) / cell) + 1
  while step <= last and lacking() do
    local run = min(64, last - step + 1, count - step % count)
    local from = offset + step % count * width
    local cells = call('GETRANGE', BOOK, from, from + run * width - 1)
    if cells ~= rep('\0', run * width) then
      for place = 0, run - 1 do
        local found, holds = {sunpack(format, cells, place * width + 1)}, false
        for column = 1, columns do
          holds = holds or found[column + 1] > 0
          missing[column] = missing[column] - found[column + 1]
        end
        if holds then
          when = max(when, (step + place) * cell + found[1] + length)
          if not lacking() then
            break
          end
        end
      end
    end
    step = step + run
  end
  return when + rounds * length
end

local function frees_at(row)
  local when = now
  for window = 1, WINDOWS do
    when = max(when, window_frees_at(window, row))
  end
  return when
end
