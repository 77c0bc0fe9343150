"""Plugins for MassGen: middleware around every model call, rate limiting first among them."""

__all__ = ["__version__"]

__version__ = "0.1.0"
