-- Takes note of what is true by now of calls that were admitted earlier: they are stamped, settled, released.
--
-- The call goes on with
--   aloft         calls of this process that are on their way, those that are granted now apart; -1: nothing said
--   waiting       how many wait in the lane, the bids among them
--   news, bids    how many of each follow
--   for each of the news: for each window the stamp so far and the stamp from now on; what was taken of each limit
--     so far; what is taken from now on; for each daily limit its two days
--   for each bid: its place (priority * 1e12 + arrival since born); its amounts of the five kinds
local NEWS = 9 + 2 * DAYS
local ALOFT, LANE_WAITS, NEWS_COUNT, BIDS_COUNT = unpack_(A, NEWS - 3, NEWS)
local NEWS_FIELDS = 2 * WINDOWS + 2 * LIMITS + 2 * DAYS
local BIDS = NEWS + NEWS_COUNT * NEWS_FIELDS

local freed = false
if NEWS_COUNT > 0 then
  -- Takes back what was spent in a window at one stamp, and spends something else at another. Amounts stand in the
  -- call, in the order of the limits, behind `before` and `after`; `spends`: whether any of the latter are not zero.
  local function move(window, old, before, new, after, spends)
    local w, t = 7 * window - 1, TAIL + 2 * window - 1
    local cell, count, offset, width, first = H[w + 3], H[w + 4], H[w + 5], H[w + 6], H[w + 7] - 1
    local columns = (width - 5) / 6
    local format = sub(CELL, 1, 3 + 2 * columns)
    local aged = old + H[w + 1] <= now
    -- A machine that is far away takes the clock to be later than it is. What does not fit into the ring stands at
    -- its end, and is not found there any more: then it is counted twice for a while.
    new = min(new, (H[t] + count) * cell - 1)
    local step, left = floor((aged and new or old) / cell), 0
    local place = offset + step % count * width
    local found = {sunpack(format, call('GETRANGE', BOOK, place, place + width - 1))}
    for column = 1, aged and 0 or columns do
      local limit = first + column
      local taken = min(found[column + 1], A[before + limit])
      found[column + 1] = found[column + 1] - taken
      H[USED + limit] = max(0, H[USED + limit] - taken)
      left = left + found[column + 1]
    end
    if left == 0 and not aged then
      found[1] = 0
    end
    if spends and new + H[w + 1] > now then
      if floor(new / cell) ~= step then
        call('SETRANGE', BOOK, place, pack(format, unpack_(found, 1, columns + 1)))
        step = floor(new / cell)
        place = offset + step % count * width
        found = {sunpack(format, call('GETRANGE', BOOK, place, place + width - 1))}
      end
      found[1] = max(found[1], new - step * cell)
      for column = 1, columns do
        local amount = A[after + first + column]
        found[column + 1] = min(found[column + 1] + amount, 281474976710655)
        H[USED + first + column] = H[USED + first + column] + amount
      end
      if step < H[t] then
        H[t], H[t + 1] = step, new + H[w + 1]
      end
    end
    call('SETRANGE', BOOK, place, pack(format, unpack_(found, 1, columns + 1)))
  end

  for each = 0, NEWS_COUNT - 1 do
    local at = NEWS + each * NEWS_FIELDS
    local before, after = at + 2 * WINDOWS, at + 2 * WINDOWS + LIMITS
    for window = 1, WINDOWS do
      local w, old = 7 * window - 1, A[at + 2 * window - 1]
      -- Late news of what has aged out spends nothing anew, unless the call was written only now.
      if old + H[w + 1] > now or A[at + 2 * window] + H[w + 1] > now then
        local spends = false
        for limit = H[w + 7], H[w + 7] + (H[w + 6] - 5) / 6 - 1 do
          spends = spends or A[after + limit] > 0
          freed = freed or A[after + limit] < A[before + limit]
        end
        move(window, old, before, A[at + 2 * window], after, spends)
      end
    end
    for day = 1, DAYS do
      local amount = A[after + DAILY + day] - A[before + DAILY + day]
      if amount ~= 0 then
        freed = freed or amount < 0
        for each_day = after + LIMITS + 2 * day - 1, after + LIMITS + 2 * day do
          local date = A[each_day]
          if date ~= 0 then
            -- include: _spend_day
          end
        end
      end
    end
  end
  -- include: _count_days
end
