"""The demo: runs a MassGen example against the sandbox, without and with the switch, and compares."""

from __future__ import annotations

from massgen_plugins.demo.program import main

__all__ = ["main"]
