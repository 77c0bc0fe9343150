"""The demo: MassGen on one of its own examples against the sandbox, without and with the switch, compared."""

from __future__ import annotations

from massgen_plugins.demo.program import main

__all__ = ["main"]
