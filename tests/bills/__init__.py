"""Budgets that processes share which are killed at random, and a server that bills every answer."""
