-- Writes what has changed; what refusals taught only where it was read.
if now >= H[RENEW] then
  H[RENEW] = now + TTL / 4
  call('PEXPIRE', BOOK, TTL / 1000)
  call('PEXPIRE', LINE, TTL / 1000)
  call('PEXPIRE', DESK, max(2592000000, TTL / 1000)) -- 30 days at least: it holds what refusals taught
end
call('SETRANGE', BOOK, 12 + 8 * LAST, pack('<' .. rep('d', FIELDS - 8 - LAST), unpack_(H, LAST, FIELDS - 9)))
