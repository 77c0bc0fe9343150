"""What a store must do: keep the parts of domains, and swap them if nobody else has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import NamedTuple, Protocol

from massgen_plugins.rate_limit.wall_clock import Start

__all__ = ["NOTHING", "Snapshot", "Store", "StoreBusy", "StoreReplaced"]


class StoreBusy(Exception):
    """Another process holds the store at this instant; the operation did not happen."""


class StoreReplaced(StoreBusy):
    """What the store held was damaged and has been set aside: asked again, it works."""


class Snapshot(NamedTuple):
    """Parts of a domain.

    Attributes:
        version: Of the domain; 0: there is none.
        parts: By name.
    """

    version: int
    parts: Mapping[str, bytes]


NOTHING = Snapshot(0, {})
"""What there is of a domain that nobody has written yet."""


class Store(Protocol):
    """Keeps domains as named parts, each domain under one version.

    Every operation may be called from any thread, and in a forked child. Those that read or write may raise
    :class:`massgen_plugins.errors.StoreUnavailable`, and :class:`StoreBusy` unless they are ``patient``; they
    take microseconds if the store is ``quick``, and may block for seconds if it is not, or if ``patient``.
    """

    @property
    def description(self) -> str:
        """For people: what and where, such as ``sqlite /home/x/.local/state/.../quota.sqlite3``."""

    @property
    def quick(self) -> bool:
        """Whether an event loop may use it itself, as far as it does not ask to be ``patient``."""

    @property
    def shared(self) -> bool:
        """Whether other processes use it too."""

    @property
    def ready(self) -> bool:
        """Whether its clock is known: :meth:`open` was called, or need not be."""

    on_wake: Callable[[], None] | None
    """Called, in any thread, when another process has woken this one: there may be room."""

    def open(self) -> None:
        """Open what has to be opened; may block. What cannot be opened shows when it is used."""

    def tick(self) -> int:
        """The store's clock: nanoseconds that never jump, the same for all who share it. Never blocks."""

    def start(self) -> Start:
        """How this process's share of the clock began. Never blocks."""

    def turn(self, *, patient: bool = False) -> AbstractContextManager[object]:
        """Within it, what this thread loads and swaps is one transaction, where the store has such.

        Then nobody else writes meanwhile, and what was swapped is written when it ends without an error.
        """

    def load(self, domain: str, since: int, *, patient: bool = False) -> Snapshot:
        """The parts of a domain that were written after version ``since``, and its version."""

    def swap(
        self, domain: str, version: int, new: int, parts: Mapping[str, bytes | None], *, patient: bool = False
    ) -> Snapshot | None:
        """Write parts if the domain still has ``version``; it then has the version ``new``.

        Returns:
            None if it was done; else what was written after ``version``, as of :meth:`load`.

        Args:
            domain: Its name.
            version: 0 if there is none yet.
            new: More than ``version``.
            parts: What they are from now on; None takes a part away.
            patient: Whether this thread may stand still.
        """

    def domains(self) -> list[str]:
        """The names of all domains; may block."""

    @property
    def address(self) -> str:
        """Where others can wake this process; empty if they cannot."""

    def wake(self, address: str) -> bool:
        """Tell a process that there may be room; False if it is surely dead. May block if not ``quick``."""

    def lives(self, address: str) -> bool:
        """Whether the process may still live; it is not woken."""

    def close(self) -> None:
        """Release what is held open; it opens again when it is used again."""
