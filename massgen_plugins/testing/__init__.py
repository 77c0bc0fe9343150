"""Test tools for code that waits, and for store implementations."""
