"""A point in time on the store's clock and on the provider's."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["NEVER", "Moment"]

NEVER = 1 << 62
"""A tick that is never reached."""


class Moment(NamedTuple):
    """A point in time on both clocks.

    Attributes:
        tick: Nanoseconds on the store's clock, which never jumps; for rolling windows.
        wall: Nanoseconds since the epoch on the provider's clock; for calendar windows.
        slack: Nanoseconds by which the provider's clock may be ahead of ``wall``.
    """

    tick: int
    wall: int
    slack: int = 0
