"""Tools for those who test code that waits, or write a store of their own."""
