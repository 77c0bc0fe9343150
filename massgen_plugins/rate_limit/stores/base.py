"""The protocol of stores: they keep the parts of domains, and replace them by compare-and-swap."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import NamedTuple, Protocol

from massgen_plugins.rate_limit.wall_clock import Start

__all__ = ["NOTHING", "Snapshot", "Store", "StoreBusy", "StoreReplaced"]


class StoreBusy(Exception):
    """The operation would block, since another process holds the store. Nothing happened."""


class StoreReplaced(StoreBusy):
    """The store's content was damaged and has been set aside; a retry works."""


class Snapshot(NamedTuple):
    """Parts of a domain.

    Attributes:
        version: The domain's version; 0 if it does not exist.
        parts: Serialized parts by name.
    """

    version: int
    parts: Mapping[str, bytes]


NOTHING = Snapshot(0, {})
"""The snapshot of a domain that does not exist."""


class Store(Protocol):
    """Keeps domains as named parts, with one version per domain.

    Every operation may be called from any thread, and in a forked child. Those that read or write may raise
    :class:`massgen_plugins.errors.StoreUnavailable`, and unless ``patient``, :class:`StoreBusy`. They take
    microseconds if the store is ``quick``; if it is not, or if ``patient``, they may block for seconds.
    """

    @property
    def description(self) -> str:
        """For users: what and where, such as ``sqlite /home/x/.local/state/.../quota.sqlite3``."""

    @property
    def quick(self) -> bool:
        """Whether an event loop may call it directly, unless ``patient``."""

    @property
    def shared(self) -> bool:
        """Whether other processes use it, too."""

    @property
    def ready(self) -> bool:
        """Whether its clock is known: :meth:`open` was called, or is not needed."""

    on_wake: Callable[[], None] | None
    """Called in any thread when another process wakes this one: there may be room."""

    def open(self) -> None:
        """Open the store. May block. Failures show when it is used."""

    def tick(self) -> int:
        """The store's clock: nanoseconds that never jump, the same for all processes. Never blocks."""

    def start(self) -> Start:
        """The origin of the store's clock in this process. Never blocks."""

    def turn(self, *, patient: bool = False) -> AbstractContextManager[object]:
        """Combine this thread's loads and swaps into one exclusive transaction, if the store supports that.

        It commits when the context exits without an error.
        """

    def load(self, domain: str, since: int, *, patient: bool = False) -> Snapshot:
        """The parts of a domain that were written after version ``since``, and its version."""

    def swap(
        self, domain: str, version: int, new: int, parts: Mapping[str, bytes | None], *, patient: bool = False
    ) -> Snapshot | None:
        """Compare and swap: write parts and the version ``new`` if the domain still has ``version``.

        Returns:
            None on success; on conflict, what was written after ``version``, as from :meth:`load`.

        Args:
            domain: The domain's name.
            version: The expected version; 0 if the domain does not exist.
            new: The next version; greater than ``version``.
            parts: New data by part; None deletes a part.
            patient: Whether this thread may block.
        """

    def domains(self) -> list[str]:
        """The names of all domains. May block."""

    @property
    def address(self) -> str:
        """Where others can wake this process; empty if they cannot."""

    def wake(self, address: str) -> bool:
        """Wake a process, as there may be room; False if it is surely dead. May block unless ``quick``."""

    def lives(self, address: str) -> bool:
        """Whether a process may be alive, without waking it."""

    def close(self) -> None:
        """Release resources; the next use opens the store again."""
