-- Takes note of news, then grants a lane's bids from the first on until one cannot leave now.
--
-- KEYS, ARGV 1: see _book.lua, _days.lua, _news.lua
-- ARGV 2: the lane; 3: the name of this process, if something is said of its calls
--
-- Reply: the scope's clock, the server's; whether successes are news; how many bids were granted; why the next one
-- was not: 0 there is none, all took what they asked for. Else its reason, when to ask again, two details, and for
-- each granted bid what it took of each limit. Reasons and details:
--    1 limit    which one (the first is 1), the amount in force
--    2 line     others come first
--    3 pause    4 probe
--    5 day      the daily limits that are spent: a sum of 2^(which one - 1)
--    6 day      the provider has said so
--    7 closed   see the advice
--    8 closed   which limit is zero
--    9 nothing  all were granted, but some took less than they asked for
-- include: _book
-- include: _days
-- include: _news

local granted = 0
-- Nearly every call comes through here: nobody waits, no refusal has taught anything, and there is room.
local plain = H[WAITING] == 0 and H[TROUBLED] == 0
while plain and granted < BIDS_COUNT do
  local at, row = BIDS + 6 * granted + 1, {}
  for limit = 1, LIMITS do
    local amount = A[at + H[LIMIT + 2 * limit - 1]]
    plain = plain and H[USED + limit] + amount <= H[LIMIT + 2 * limit]
    row[limit] = amount
  end
  if plain then
    -- include: _grant
  end
end
-- include: _aloft
-- include: _save
if granted == BIDS_COUNT and H[WAITING] == 0 then
  return pack('<ddddd', now, raw, H[TROUBLED], granted, 0)
end

-- include: _lessons
-- include: _room
-- include: _line
local rows = {} -- what was granted, side by side; so far everybody took what was asked for
for each = 0, granted - 1 do
  for limit = 1, LIMITS do
    rows[#rows + 1] = A[BIDS + 6 * each + 1 + H[LIMIT + 2 * limit - 1]]
  end
end
local LIMITED, LINED, PAUSED, PROBED, SPENT, TOLD_SPENT, SHUT, ZERO, NOTHING = 1, 2, 3, 4, 5, 6, 7, 8, 9
local LANE, RETRY = ARGV[2], 20000 -- microseconds: the first one was told to go, and tells the next one
local AFTER_YOU = 3000 -- microseconds: who is not first is told when the first one has gone, or asks a little later

local function spent_days(row)
  local days = 0
  for limit = DAILY + 1, LIMITS do
    if H[USED + limit] + row[limit] > caps[limit] then
      days = days + 2 ^ (limit - 1)
    end
  end
  return days
end

-- The claims that come first, or nil; the first one loses its place if it does not take what is there for it.
local function claims_before(place)
  while true do
    local claims = ahead_of(place, LANE, TOGETHER)
    local first = claims[1]
    if not first then
      return
    end
    if lacks(row_of(first, 2)) then
      H[STALLED] = 0
      return claims
    end
    if H[STALLED] ~= first[2] then
      H[STALLED], H[STALLED_SINCE] = first[2], now
      wake(first[1])
    end
    if now - H[STALLED_SINCE] < PATIENCE then
      return claims
    end
    leave(first[1])
  end
end

local function queue_blocker(place, row)
  local limit, claims = lacks(row), claims_before(place)
  if not limit and not claims then
    return
  end
  -- What those before ask for, but of a long line it is judged by the first ones: not more than it may be.
  local all, rank = {unpack_(row)}, claims and #claims or 0
  if rank == TOGETHER then
    rank = max(rank, floor(0.9 * call('ZCOUNT', LINE, '-inf', '(' .. string.format('%.17g', place))))
  end
  for _, claim in ipairs(claims or {}) do
    for each, amount in ipairs(row_of(claim, 2)) do
      all[each] = all[each] + amount * rank / #claims
    end
  end
  local when = frees_at(all)
  if limit then
    return LIMITED, claims and when + AFTER_YOU or when, limit, caps[limit]
  end
  when = max(when, now + RETRY * min(200, rank))
  if H[STALLED] ~= 0 and rank <= 2 then -- the next ones watch over the first; a whole fleet would ask too much
    when = min(when, H[STALLED_SINCE] + PATIENCE)
  end
  return LINED, when
end

local function blocker(place, row)
  if H[CLOSED] > now then
    return SHUT, H[CLOSED]
  end
  for limit = 1, LIMITS do
    if caps[limit] == 0 and row[limit] > 0 then
      return ZERO, now, limit
    end
  end
  if H[SPENT_DAY] ~= 0 and H[SPENT_DAY] == A[TODAY] then
    return TOLD_SPENT, now
  end
  local days = spent_days(row)
  if days > 0 then
    return SPENT, now, days
  end
  if H[PAUSE] > now then
    return PAUSED, H[PAUSE]
  end
  if H[PROBE] > now then
    return PROBED, H[PROBE]
  end
  return queue_blocker(place, row)
end

local reason, when, detail, amount
while granted < BIDS_COUNT and not reason do
  local at = BIDS + 6 * granted + 1
  local row = row_of(A, at)
  reason, when, detail, amount = blocker(A[at], row)
  if not reason then
    if H[PROBE] == -1 then
      H[PROBE] = now + H[6]
      H[EDITION] = H[EDITION] + 1
    end
    -- include: _grant
    for limit = 1, LIMITS do
      rows[#rows + 1] = row[limit]
    end
  end
end
if reason and reason <= PROBED then
  claim(LANE, A[BIDS + 6 * granted + 1], LANE_WAITS - granted, A, BIDS + 6 * granted + 1)
else
  leave(LANE)
end
if reason and reason > LINED then
  H[STALLED] = 0 -- nobody can leave now, so nobody is late
end
if freed or not reason then
  wake_first(LANE, not freed)
end
-- include: _aloft
save_all()
local first = pack('<dddddddd', now, raw, H[TROUBLED], granted, reason or NOTHING, when or now, detail or 0, amount or 0)
return first .. pack('<' .. rep('d', #rows), unpack_(rows))
