-- What counts of each daily limit: close to midnight the fuller day.
for day = 1, DAYS do
  local used, one, other = 0, A[TODAY + 2 * day - 1], A[TODAY + 2 * day]
  for slot = DAY + 6 * day - 5, DAY + 6 * day - 1, 2 do
    if H[slot] == one or (other ~= 0 and H[slot] == other) then
      used = max(used, H[slot + 1])
    end
  end
  H[USED + DAILY + day] = used
end
