"""Which processes run now, and who waits in them: a small file for each, for commands to read."""
