"""Checks which plugins are loaded."""

from __future__ import annotations

import os
from collections.abc import Iterator

from massgen_plugins.cli.checks.finding import Finding, fail, ok, warn
from massgen_plugins.manager import BLOCK_VARIABLE, BUILT_IN, build_manager

__all__ = ["check_plugins"]


def check_plugins() -> Iterator[Finding]:
    """Check loaded, failed and blocked plugins."""
    complaints: list[str] = []
    names = build_manager(complaints.append).names()
    yield ok("loaded", ", ".join(names) or "none")
    for complaint in complaints:
        yield warn("left out", complaint.rstrip("."), "upgrade or uninstall that package")
    blocked = [name.strip() for name in os.environ.get(BLOCK_VARIABLE, "").split(",") if name.strip()]
    for name in blocked:
        cure = f"remove it from the environment variable {BLOCK_VARIABLE}"
        if name in BUILT_IN:
            yield fail("blocked", f"{name}, without which calls are not limited", cure)
        else:
            yield warn("blocked", name, cure)
