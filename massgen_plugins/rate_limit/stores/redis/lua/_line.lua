-- Who is next: one claim for each lane that waits, in the order of arrival. A claim is a lease.
local LEASE, PATIENCE = 15000000, 100000 -- microseconds, as in line.py
local TOGETHER = 16 -- claims that are read at once

-- Does something with the line or the desk. What another program has written there is set aside.
local function soft(command, key, ...)
  local result = redis.pcall(command, key, ...)
  if type(result) == 'table' and result.err then
    call('RENAME', key, key .. ':broken:' .. string.format('%.0f', raw))
    result = call(command, key, ...)
  end
  return result
end

local function forget_lane(lane)
  if soft('ZREM', LINE, lane) == 1 then
    H[WAITING] = max(0, H[WAITING] - 1)
  end
  soft('HDEL', DESK, 'claim:' .. lane)
end

local function leave(lane)
  if H[WAITING] > 0 then
    if tonumber(soft('ZSCORE', LINE, lane) or NEVER) == H[STALLED] then
      H[STALLED] = 0
    end
    forget_lane(lane)
  end
end

-- The first living claims of other lanes that come before a place, `most` of them: {lane, place, amounts by kind}.
-- Lanes that were not seen for three leases are forgotten on the way.
local function ahead_of(place, lane, most)
  local found, from = {}, 0
  while H[WAITING] > 0 do
    local claims = soft('ZRANGE', LINE, from, from + TOGETHER - 1, 'WITHSCORES')
    if #claims == 0 and from == 0 then
      H[WAITING] = 0
    end
    from = from + TOGETHER
    for each = 1, #claims, 2 do
      local name, score = claims[each], tonumber(claims[each + 1])
      if score >= place or #found == most then
        return found
      end
      if name ~= lane then
        local claim = soft('HGET', DESK, 'claim:' .. name)
        local seen, _, k1, k2, k3, k4, k5
        if claim and #claim == 56 then
          seen, _, k1, k2, k3, k4, k5 = sunpack('<ddddddd', claim)
        end
        if seen and now - seen <= LEASE and seen - now <= LEASE then
          found[#found + 1] = {name, score, k1, k2, k3, k4, k5}
        elseif not (seen and now - seen <= 3 * LEASE and seen - now <= LEASE) then
          forget_lane(name)
          from = from - 1
        end
      end
    end
    if #claims < 2 * TOGETHER then
      break
    end
  end
  return found
end

-- Tells a lane that it should ask. Nobody may listen, or the user may not publish: then it asks by itself.
local function wake(lane)
  redis.pcall('PUBLISH', 'massgen-rl:wake:' .. lane, BOOK)
end

-- Tells the first of the line; with `fitting`, only if it could leave now.
local function wake_first(lane, fitting)
  local first = ahead_of(NEVER, lane, 1)[1]
  if first and not (fitting and lacks(row_of(first, 2))) then
    wake(first[1])
  end
end

local function claim(lane, place, waiting, amounts, at)
  soft('HSET', DESK, 'claim:' .. lane, pack('<ddddddd', now, waiting, unpack_(amounts, at + 1, at + 5)))
  if soft('ZADD', LINE, place, lane) == 1 then
    H[WAITING] = H[WAITING] + 1
    if H[WAITING] == 1 then
      call('PEXPIRE', LINE, TTL / 1000)
    end
  end
end
