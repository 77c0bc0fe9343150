"""MassGen imported once, and forked for every run whose start is not what a test is about."""
