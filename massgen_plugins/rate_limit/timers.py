"""Timers on event loops: one serves the waiters of a loop, one renews the leases of calls under way."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress

from massgen_plugins.quota import NANOSECONDS
from massgen_plugins.rate_limit.reservation import Reservation
from massgen_plugins.rate_limit.rolling_windows import LEASE
from massgen_plugins.rate_limit.waiter import running_loop

__all__ = ["LeaseTimer", "LoopTimers"]

_PERIOD = LEASE / NANOSECONDS / 4


class LoopTimers:
    """One timer for each event loop with waiters.

    Args:
        due_in: Nanoseconds until a loop's timer is due; None if it has no waiter. Called in that loop.
        on_timer: Called in a loop when its timer is due; must not raise.
    """

    def __init__(
        self, due_in: Callable[[asyncio.AbstractEventLoop], int | None], on_timer: Callable[[], None]
    ) -> None:
        self._due_in = due_in
        self._on_timer = on_timer
        self._timers: dict[asyncio.AbstractEventLoop, asyncio.TimerHandle] = {}

    def set(self, loops: Iterable[asyncio.AbstractEventLoop]) -> None:
        """Reset the timers of some loops; from any thread."""
        for loop in loops:
            if loop is running_loop():
                self._set(loop)
            elif not loop.is_closed():
                loop.call_soon_threadsafe(self._set, loop)

    def __len__(self) -> int:
        return len(self._timers)

    def _set(self, loop: asyncio.AbstractEventLoop) -> None:
        timer = self._timers.pop(loop, None)
        if timer is not None:
            timer.cancel()
        due_in = self._due_in(loop)
        if due_in is not None:
            self._timers[loop] = loop.call_later(max(0, due_in) / NANOSECONDS, self._fire, loop)

    def _fire(self, loop: asyncio.AbstractEventLoop) -> None:
        self._timers.pop(loop, None)
        self._on_timer()
        if loop not in self._timers:
            self._set(loop)


class LeaseTimer:
    """Renews the leases of one domain's calls while their event loop runs."""

    def __init__(self) -> None:
        self._calls: dict[Reservation, None] = {}  # in order of admission
        self._loop: asyncio.AbstractEventLoop | None = None

    def add(self, call: Reservation, loop: asyncio.AbstractEventLoop | None = None) -> None:
        """Lease an admitted call until it ends; from any thread.

        Args:
            call: The call.
            loop: The event loop that makes it; default: the running one.
        """
        call.leased = True
        self._calls[call] = None
        loop = loop or running_loop()
        if loop is not None and (self._loop is None or self._loop.is_closed()):
            self._loop = loop
            with suppress(RuntimeError):  # the loop has closed, and its calls have ended
                loop.call_soon_threadsafe(loop.call_later, _PERIOD, self._renew)

    def add_all(self, calls: Iterable[Reservation]) -> None:
        """Lease calls that left before, unless they have ended."""
        for call in calls:
            if call.under_way and not call.leased:
                self.add(call)

    def drop(self, call: Reservation) -> bool:
        """End a call's lease; True if it had one."""
        known = call in self._calls
        self._calls.pop(call, None)
        return known

    def _renew(self) -> None:
        for call in list(self._calls):
            call.renew()
        if self._calls and self._loop is not None:
            self._loop.call_later(_PERIOD, self._renew)
        else:
            self._loop = None
