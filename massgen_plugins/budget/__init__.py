"""The bill: what calls cost, and budgets that hold. A plugin like any other, over the limiter's books."""
