-- Spends `amount` of the daily limit `day` on `date`; a negative amount gives back.
local at, place, farthest = DAY + 6 * day - 6, nil, -1
for slot = at + 1, at + 5, 2 do
  local distance = H[slot] == 0 and NEVER or math.abs(H[slot] - date)
  if H[slot] == date then
    distance = NEVER + 1
  end
  if distance > farthest then
    place, farthest = slot, distance
  end
end
if H[place] ~= date and amount > 0 then -- three days are kept, the farthest one makes room
  H[place], H[place + 1] = date, 0
end
if H[place] == date then
  H[place + 1] = max(0, H[place + 1] + amount)
end
