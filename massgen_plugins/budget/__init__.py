"""The cost of calls: usage, prices, and enforced budgets."""
