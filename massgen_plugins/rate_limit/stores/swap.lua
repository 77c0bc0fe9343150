-- Loads a domain, or compares and swaps: writes parts if the domain still has the expected version.
-- KEYS[1]  hash of one domain: "version", and for each part "d:NAME" (data) and "v:NAME" (version)
-- ARGV[1]  the known version; ARGV[2] the new one, or "" to load only; then NAME, "=" DATA ...;
--          NAME, "-" deletes a part
-- Returns  seconds and microseconds of the server's clock, 1 if written, else 0, the version, and
--          NAME, DATA ... of the parts written after the known version.

local LIFETIME = 40 * 86400

-- Parses a version; nil if another program has written something else.
local function read(text)
  local number = tonumber(text or '0')
  if number and number >= 0 and number <= 9007199254740991 then return number end
end

local clock = redis.call('TIME')
local version = read(redis.call('HGET', KEYS[1], 'version')) or 0
local known = tonumber(ARGV[1])

if ARGV[2] ~= '' and version == known then
  redis.call('HSET', KEYS[1], 'version', ARGV[2])
  for i = 3, #ARGV, 2 do
    local data, written = 'd:' .. ARGV[i], 'v:' .. ARGV[i]
    if string.sub(ARGV[i + 1], 1, 1) == '-' then
      redis.call('HDEL', KEYS[1], data, written)
    else
      redis.call('HSET', KEYS[1], data, string.sub(ARGV[i + 1], 2), written, ARGV[2])
    end
  end
  redis.call('EXPIRE', KEYS[1], LIFETIME)
  return {clock[1], clock[2], 1, ARGV[2]}
end

local reply = {clock[1], clock[2], 0, string.format('%.0f', version)}
if version ~= known then
  local fields = redis.call('HGETALL', KEYS[1])
  local all = {}
  for i = 1, #fields, 2 do all[fields[i]] = fields[i + 1] end
  for field, data in pairs(all) do
    local name = string.match(field, '^d:(.*)$')
    if name and (version < known or (read(all['v:' .. name]) or version) > known) then
      reply[#reply + 1] = name
      reply[#reply + 1] = data
    end
  end
end
return reply
