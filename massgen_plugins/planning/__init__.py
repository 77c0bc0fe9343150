"""Plans a run before it starts: calls, time, waits, and obstacles."""
