"""Interprets the traffic of providers; each provider is a plugin."""
