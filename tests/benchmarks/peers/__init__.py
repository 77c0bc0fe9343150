"""The limiters that are compared: those that can be imported here, and why the others cannot."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import TypeVar

from tests.benchmarks.peers.base import FullCycle, Peer

__all__ = ["FullCycle", "Peer", "cycles", "find", "missing", "shared", "versions", "why_missing"]

T = TypeVar("T")

MODULES: dict[str, tuple[int, int]] = {
    "ours": (3, 11),
    "our_redis": (3, 11),
    "aiolimiter": (3, 11),
    "pyrate": (3, 11),
    "limits": (3, 11),
    "throttled": (3, 11),
    "langchain": (3, 11),
    "massgen": (3, 11),
    "litellm": (3, 11),
    "token_throttle": (3, 12),
}
"""Module of this package -> the oldest Python that its library installs on."""


def why_missing(module: str) -> str:
    """Why an adapter cannot be used here; empty if it can."""
    oldest = MODULES[module]
    if sys.version_info < oldest:
        return f"not installable on this Python: needs {oldest[0]}.{oldest[1]}"
    try:
        import_module(f"{__name__}.{module}")
    except ImportError as error:
        return f"not installed: {error}"
    return ""


def missing() -> dict[str, str]:
    """Adapters that cannot be used here, and why."""
    return {module: reason for module in MODULES if (reason := why_missing(module))}


def find() -> list[type[Peer]]:
    """One-dimensional limiters in memory, ours first."""
    return [each for each in _classes(Peer) if not each.shared]


def shared(store: str) -> list[type[Peer]]:
    """Limiters whose processes share a file (``SQLite``) or a server (``Redis``), ours first."""
    return [each for each in _classes(Peer) if each.shared == store]


def cycles() -> list[type[FullCycle]]:
    """Peers that count requests and tokens at once."""
    return [each for each in _classes(FullCycle) if not each.ours]


def versions() -> dict[str, str]:
    """Distribution -> version of everything that is compared."""
    known = {}
    for peer in _classes(Peer):
        try:
            known[peer.package] = version(peer.package)
        except PackageNotFoundError:
            known[peer.package] = "unknown"
    return known


def _classes(base: type[T]) -> Iterable[type[T]]:
    for module in MODULES:
        if not why_missing(module):
            for each in vars(import_module(f"{__name__}.{module}")).values():
                if isinstance(each, type) and issubclass(each, base) and each.__module__.endswith(module):
                    yield each
