"""Events for each call, and the record of all calls."""
