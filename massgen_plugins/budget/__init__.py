"""What calls cost: usage by kind, prices, and what follows from both."""
