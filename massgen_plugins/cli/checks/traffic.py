"""Checks whether agents ran without limits because their traffic was not recognised."""

from __future__ import annotations

from collections.abc import Iterator

from massgen_plugins.cli.checks.finding import Finding, ok, warn
from massgen_plugins.host.unlimited import cure_of, remembered

__all__ = ["check_traffic"]


def check_traffic() -> Iterator[Finding]:
    """Check the agents of the last day."""
    found = remembered()
    for each in found:
        yield warn("agents without limits", each.sentence, cure_of(each.way))
    if not found:
        yield ok("agents without limits", "none in the last day")
