-- A scope for people to look at. Changes only what the clock changes.
--
-- KEYS, ARGV 1: see _book.lua
--
-- Reply: the scope's clock, the server's; calls in the queue; calls on their way; then for each limit the amount in
-- force, what is used of it (not of daily ones), when all of it is free again (not of daily ones); then for each daily
-- limit three times a day and what was spent on it
-- include: _book
-- include: _lessons
-- include: _room
-- include: _line
local FORGOTTEN = 900000000 -- microseconds: a process that said nothing for so long is not counted

local waiting, aloft = 0, 0
local desk = soft('HGETALL', DESK)
for each = 1, #desk, 2 do
  local name, value = desk[each], desk[each + 1]
  if sub(name, 1, 6) == 'claim:' and #value == 56 then
    local seen, calls = sunpack('<dd', value)
    waiting = waiting + (now - seen <= LEASE and calls or 0)
  elseif sub(name, 1, 8) == 'flights:' and #value == 16 then
    local calls, said = sunpack('<dd', value)
    if now - said <= FORGOTTEN then
      aloft = aloft + calls
    else
      call('HDEL', DESK, name)
    end
  end
end

local numbers = {now, raw, waiting, aloft}
for limit = 1, LIMITS do
  local everything = {}
  for each = 1, LIMITS do
    everything[each] = each == limit and caps[each] or 0
  end
  numbers[#numbers + 1] = caps[limit]
  numbers[#numbers + 1] = H[USED + limit]
  numbers[#numbers + 1] = limit <= LIMITS - DAYS and frees_at(everything) or now
end
for each = 1, 6 * DAYS do
  numbers[#numbers + 1] = H[DAY + each]
end
save_all()
return pack('<' .. rep('d', #numbers), unpack_(numbers))
