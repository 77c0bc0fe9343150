"""Renews the leases of calls under way, as long as the event loop in which they were admitted runs."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import suppress

from massgen_plugins.quota import NANOSECONDS
from massgen_plugins.rate_limit.reservation import Reservation
from massgen_plugins.rate_limit.rings import LEASE
from massgen_plugins.rate_limit.waiter import running_loop

__all__ = ["LeaseTimer"]

_PERIOD = LEASE / NANOSECONDS / 4


class LeaseTimer:
    """The leased calls of one domain in this process."""

    def __init__(self) -> None:
        self._calls: set[Reservation] = set()
        self._loop: asyncio.AbstractEventLoop | None = None

    def add(self, call: Reservation, loop: asyncio.AbstractEventLoop | None = None) -> None:
        """A call is admitted that holds its place until it is over; from any thread.

        Args:
            call: Which.
            loop: The event loop that makes it; None: the one that runs in this thread.
        """
        call.leased = True
        self._calls.add(call)
        loop = loop or running_loop()
        if loop is not None and (self._loop is None or self._loop.is_closed()):
            self._loop = loop
            with suppress(RuntimeError):  # the loop has closed, and its calls are over
                loop.call_soon_threadsafe(loop.call_later, _PERIOD, self._renew)

    def add_all(self, calls: Iterable[Reservation]) -> None:
        """So do these, which left before it was known; those that are over do not."""
        for call in calls:
            if call.under_way and not call.leased:
                self.add(call)

    def drop(self, call: Reservation) -> bool:
        """A call is over; True if it was leased."""
        known = call in self._calls
        self._calls.discard(call)
        return known

    def _renew(self) -> None:
        for call in list(self._calls):
            call.renew()
        if self._calls and self._loop is not None:
            self._loop.call_later(_PERIOD, self._renew)
        else:
            self._loop = None
