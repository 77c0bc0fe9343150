"""Domains in this process's memory: for a single process, for tests, and as the fallback."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext

from massgen_plugins.rate_limit.stores.base import NOTHING, Snapshot
from massgen_plugins.rate_limit.stores.boot_clock import boot_tick
from massgen_plugins.rate_limit.wall_clock import Start

__all__ = ["MemoryStore"]


class MemoryStore:
    """Keeps domains in memory. Its only limiter never needs to write, unless ``shared``.

    Args:
        tick: The clock in nanoseconds; by default, time since boot with suspends.
        wall: The wall clock: nanoseconds since the epoch.
        shared: Whether several limiters use it, as in tests that simulate processes.
    """

    description = "memory of this process"
    quick = True
    ready = True
    address = ""

    def __init__(
        self,
        tick: Callable[[], int] = boot_tick,
        wall: Callable[[], int] = time.time_ns,
        *,
        shared: bool = False,
    ) -> None:
        self.tick = tick
        self.shared = shared
        self.on_wake: Callable[[], None] | None = None
        self._lock = threading.Lock()
        self._start = Start(0, tick(), wall)
        self._versions: dict[str, int] = {}
        self._parts: dict[str, dict[str, tuple[int, bytes]]] = {}

    def open(self) -> None:
        """Do nothing."""

    def start(self) -> Start:
        """The origin of the clock."""
        return self._start

    def turn(self, *, patient: bool = False) -> AbstractContextManager[None]:  # noqa: ARG002 - never blocks
        """No transactions: each swap is atomic by itself, and may conflict."""
        return nullcontext()

    def load(self, domain: str, since: int, *, patient: bool = False) -> Snapshot:  # noqa: ARG002 - never blocks
        """The parts of a domain that were written after version ``since``."""
        version = self._versions.get(domain, 0)
        if not version:
            return NOTHING
        known = since if since <= version else 0
        rows = self._parts.get(domain, {})
        return Snapshot(version, {name: data for name, (written, data) in rows.items() if written > known})

    def swap(
        self,
        domain: str,
        version: int,
        new: int,
        parts: Mapping[str, bytes | None],
        *,
        patient: bool = False,
    ) -> Snapshot | None:
        """Write parts if the domain still has ``version``."""
        with self._lock:
            if self._versions.get(domain, 0) != version:
                return self.load(domain, version, patient=patient)
            self._versions[domain] = new
            rows = self._parts.setdefault(domain, {})
            for name, data in parts.items():
                rows.pop(name, None)
                if data is not None:
                    rows[name] = (new, data)
        return None

    def domains(self) -> list[str]:
        """The names of all domains."""
        return list(self._versions)

    def wake(self, address: str) -> bool:
        """Whether the address is empty: there is no other process."""
        return not address

    lives = wake

    def close(self) -> None:
        """Do nothing."""
