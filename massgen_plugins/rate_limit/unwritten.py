"""Calls that were admitted and are not written yet, since their event loop stands still. Pure.

The next call may be decided before the first one is written: a timer fires first when the loop goes on. In a
window of a second both would be counted together, although a second lies between their admissions. So what is
not written by now is booked as written now.
"""

from __future__ import annotations

from massgen_plugins.rate_limit.reservation import Reservation

__all__ = ["UnwrittenCalls"]


class UnwrittenCalls:
    """Those of one domain in this process; used by all threads.

    Attributes:
        calls: Some of them may have been written meanwhile.
    """

    def __init__(self) -> None:
        self.calls: set[Reservation] = set()

    def add(self, call: Reservation) -> None:
        """A call is admitted where windows are short."""
        self.calls.add(call)

    def late(self, tick: int) -> list[Reservation]:
        """Those that are later than they were booked by now."""
        calls = list(self.calls)
        self.calls.difference_update(call for call in calls if not call.waits_to_be_written)
        return [call for call in calls if call.postpone(tick)]
