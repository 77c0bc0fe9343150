"""A point in time, on the clock of the store and on the provider's."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["NEVER", "Moment"]

NEVER = 1 << 62
"""A tick that does not come."""


class Moment(NamedTuple):
    """A point in time on both clocks.

    Attributes:
        tick: Nanoseconds of the store's clock, which never jumps; for rolling windows.
        wall: Nanoseconds since the epoch by the provider's clock; for calendar windows.
        slack: Nanoseconds by which it may be later than ``wall`` says.
    """

    tick: int
    wall: int
    slack: int = 0
