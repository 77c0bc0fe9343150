"""What happens to each call, told as events, and the record of all calls."""
