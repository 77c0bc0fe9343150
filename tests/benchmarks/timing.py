"""Ratios: medians over back-to-back pairs, since one busy moment of the machine hits both of a pair alike.

Time is CPU time of this process unless a measure says otherwise: what other programs take does not count.
On a quiet machine it is what a watch shows, as long as nothing waits for a disk or a network.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeAlias

__all__ = ["Pairs", "Spin", "compare"]

Spin: TypeAlias = Callable[[int], Awaitable[None]]
"""Does something so many times."""

_WARM = 20


@dataclass(frozen=True, slots=True)
class Pairs:
    """What came out of pairs.

    Attributes:
        ratio: Median of subject / base.
        seconds: Median of what one operation of the subject took.
        base: The same of the base.
    """

    ratio: float
    seconds: float
    base: float

    @property
    def note(self) -> str:
        """For people: microseconds, which mean something on this machine only."""
        return f"{self.seconds * 1e6:,.1f} us, base {self.base * 1e6:,.1f} us"


async def compare(
    subject: Callable[[], Spin],
    base: Callable[[], Spin],
    times: int,
    rounds: int,
    clock: Callable[[], float] = time.process_time,
) -> Pairs:
    """Time both in turn, each round with fresh ones.

    Args:
        subject: Makes what is measured.
        base: Makes what it is measured in.
        times: Operations in one timed loop.
        rounds: How many pairs.
        clock: Seconds.
    """
    pairs = [
        (await _seconds(base(), times, clock), await _seconds(subject(), times, clock)) for _ in range(rounds)
    ]
    return Pairs(
        statistics.median(mine / theirs for theirs, mine in pairs),
        statistics.median(mine for _, mine in pairs),
        statistics.median(theirs for theirs, _ in pairs),
    )


async def _seconds(spin: Spin, times: int, clock: Callable[[], float]) -> float:
    await spin(min(times, _WARM))
    gc.collect()
    began = clock()
    await spin(times)
    return (clock() - began) / times
