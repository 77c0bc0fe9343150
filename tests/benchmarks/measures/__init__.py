"""All measures, in the order of the table of goals."""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType

from tests.benchmarks.figures import Effort, Figure
from tests.benchmarks.measures import (
    added,
    burst,
    flatness,
    large,
    memory,
    processes,
    redis,
    server_side,
    sqlite,
    uncontended,
)

__all__ = ["MEASURES"]

MEASURES: MappingProxyType[str, Callable[[Effort], list[Figure]]] = MappingProxyType(
    {
        "uncontended": uncontended.measure,
        "flatness": flatness.measure,
        "memory": memory.measure,
        "server-side": server_side.measure,
        "burst": burst.measure,
        "processes": processes.measure,
        "large": large.measure,
        "sqlite": sqlite.measure,
        "added": added.measure,
        "redis": redis.measure,
    }
)
"""Name on the command line -> measure."""
