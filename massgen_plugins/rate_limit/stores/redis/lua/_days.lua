-- Which days it is, and what is spent on them.
--
-- The call goes on with
--    3, 4  since, until: of the server's clock, between which the days hold
--    5     the day (ordinal) in the provider's zone
--    6     for each daily limit: the day, and close to midnight the next one as well, else 0
local TODAY = 5
local DAILY = LIMITS - DAYS -- the limits from here on count days
if raw < A[3] or raw >= A[4] then
  return {3, raw}
end

-- include: _count_days
