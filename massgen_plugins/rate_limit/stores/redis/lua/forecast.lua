-- When a call can leave if all who wait elsewhere go first, and some of its own lane; an estimate from below.
--
-- KEYS, ARGV 1: see _book.lua; the call goes on with the amounts of the five kinds that it takes, and with those that
-- the others of its lane take together
-- ARGV 2: the lane
--
-- Reply: the scope's clock, the server's, when it can leave
-- include: _book
-- include: _lessons
-- include: _room
-- include: _line
local all = row_of(A, 2)
for limit = 1, LIMITS do
  all[limit] = all[limit] + A[7 + H[LIMIT + 2 * limit - 1]]
end
-- A long line is judged by its first ones: not more than it may be.
local claims, scale = ahead_of(NEVER, ARGV[2], TOGETHER), 1
if #claims == TOGETHER then
  scale = max(1, 0.9 * (call('ZCARD', LINE) - 1) / TOGETHER)
end
for _, claim in ipairs(claims) do
  for limit, amount in ipairs(row_of(claim, 2)) do
    all[limit] = all[limit] + amount * scale
  end
end
local when = max(H[PAUSE], frees_at(all))
save_all()
return pack('<ddd', now, raw, when)
