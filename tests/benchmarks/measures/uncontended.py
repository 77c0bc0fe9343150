"""What an admission costs when nothing has to wait, in the price of one aiolimiter acquire."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from tests.benchmarks import peers
from tests.benchmarks.figures import Effort, Figure
from tests.benchmarks.peers.our_cycles import PureLedger, ThreeLimits
from tests.benchmarks.peers.ours import GEMINI_DAY
from tests.benchmarks.timing import Spin, compare

PURE, CYCLE, ALONE = "full cycle, pure ledger", "full cycle, public API", "acquire alone"
ROLLING = "massgen-plugins, rolling 24 h"
"""With a sliding window of 24 hours in place of the calendar day that Gemini has."""

UNIT = "x one aiolimiter acquire"

_AMPLE = (10**9, 60.0)


def measure(effort: Effort) -> list[Figure]:
    """The cycle of three limits in the pure ledger and through the API; every limiter's acquire alone.

    Nothing where the yardstick is not installed.
    """
    if peers.why_missing("aiolimiter"):
        return []
    return asyncio.run(_measure(effort))


async def _measure(effort: Effort) -> list[Figure]:
    ours = ThreeLimits.name
    made = [
        await _figure(PURE, ours, lambda: PureLedger(GEMINI_DAY).spin, effort, goal=2.3),
        await _figure(PURE, ROLLING, lambda: PureLedger().spin, effort, goal=2.3),
        await _figure(CYCLE, ours, lambda: ThreeLimits(day=GEMINI_DAY).spin, effort, goal=3.5),
        await _figure(CYCLE, ROLLING, lambda: ThreeLimits().spin, effort, goal=3.5),
    ]
    made += [await _figure(CYCLE, each.name, _cycle(each), effort) for each in peers.cycles()]
    made.append(
        await _figure(ALONE, ours, lambda: ThreeLimits(day=GEMINI_DAY).acquire_only, effort, goal=1.7)
    )
    made += [await _figure(ALONE, each.name, _alone(each), effort) for each in peers.find() if not each.ours]
    return made


def _cycle(kind: type[peers.FullCycle]) -> Callable[[], Spin]:
    return lambda: kind().spin


def _alone(kind: type[peers.Peer]) -> Callable[[], Spin]:
    return lambda: kind(*_AMPLE).spin


async def _figure(
    what: str, whose: str, make: Callable[[], Spin], effort: Effort, goal: float | None = None
) -> Figure:
    from tests.benchmarks.peers.aiolimiter import Aiolimiter

    pairs = await compare(make, lambda: Aiolimiter(*_AMPLE).spin, effort.times, effort.rounds)
    return Figure(what, whose, pairs.ratio, UNIT, goal, note=pairs.note)
