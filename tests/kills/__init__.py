"""Processes killed at random instants while they share one file, and a server that counts what arrives."""
