"""What calls cost: usage by kind, prices, what follows from both, and budgets that hold."""
