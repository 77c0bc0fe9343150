do
  local name = BOOK .. ':broken:' .. string.format('%.0f', raw)
  call('RENAME', BOOK, name)
  call('PEXPIRE', name, 604800000) -- a week, in milliseconds
  return {5, name}
end
