"""What a run will take, before it starts: calls, time, waits, and what is in the way."""
