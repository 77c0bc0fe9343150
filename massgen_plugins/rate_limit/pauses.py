"""Pauses that the user orders: which of a process's waiters they hold, and for how long. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from weakref import WeakKeyDictionary

from massgen_plugins.rate_limit.waiter import Waiter

__all__ = ["Pauses"]


class Pauses:
    """The pauses of one domain; they do not count as waiting, not even when a call is sent again.

    Attributes:
        lasting: Whether a waiter is held.
        remembered: Whether a call was held that may be asked for again.
    """

    def __init__(self) -> None:
        self.lasting = self.remembered = False
        self._held: WeakKeyDictionary[object, int] = WeakKeyDictionary()

    def hold(self, waiters: Iterable[Waiter], paused: Collection[str], tick: int) -> bool:
        """Take note of whose pools are paused; True if that has changed for one of them."""
        changed = False
        for waiter in waiters:
            changed |= waiter.hold(tick, paused=any(pool in paused for pool in waiter.ask.pools))
        self.lasting = bool(paused)
        return changed

    def remember(self, waiter: Waiter) -> None:
        """Its call leaves, and may be asked for again."""
        if waiter.ask.call is not None:
            self._held[waiter.ask.call] = waiter.held
            self.remembered = True

    def held(self, call: object) -> int:
        """Nanoseconds for which a call was held before."""
        return self._held.get(call, 0)
