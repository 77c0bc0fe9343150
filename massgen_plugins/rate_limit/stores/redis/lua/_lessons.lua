-- What refusals taught, and the amounts in force: a share of every sliding limit, growing back within a minute.
local COLD = FIELDS - 9
for field = 1, 9 do
  H[COLD + field] = sunpack('<d', head, 13 + 8 * (COLD + field))
end
local EDITION, PAUSE, CLOSED, PROBE, SINCE, SHARE, SPENT_DAY = COLD + 1, COLD + 2, COLD + 3, COLD + 4, COLD + 5, COLD + 6, COLD + 7
local STALLED, STALLED_SINCE = COLD + 8, COLD + 9 -- the place of the first one that could leave but did not; since when

local caps, share = {}, H[SHARE]
if share < 1000 then
  share = share + floor((1000 - share) * min(1, max(0, now - H[SINCE]) / 60000000))
end
for limit = 1, LIMITS do
  caps[limit] = H[LIMIT + 2 * limit]
  if share < 1000 and caps[limit] > 0 and limit <= LIMITS - DAYS then
    caps[limit] = max(1, floor(caps[limit] * share / 1000))
  end
end

local function save_all()
  -- include: _save
  call('SETRANGE', BOOK, 20 + 8 * COLD, pack('<ddddddddd', unpack_(H, COLD + 1, FIELDS)))
end
