"""What an admission costs when nothing has to wait, in the price of one aiolimiter acquire."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial

from massgen_plugins.rate_limit.stores.memory import MemoryStore
from tests.benchmarks import peers
from tests.benchmarks.figures import Effort, Figure
from tests.benchmarks.peers.our_cycles import PureState, ThreeLimits
from tests.benchmarks.peers.ours import GEMINI_DAY
from tests.benchmarks.timing import Spin, compare
from tests.benchmarks.virtual import Steps, by_hand

PURE, CYCLE, ALONE = "full cycle, pure state", "full cycle, public API", "acquire alone"
APART = "full cycle, calls {gap:g} s apart"
ALONE_APART = "acquire alone, calls {gap:g} s apart"
GAPS = (0.2, 6.0)
"""Seconds between calls: of busy agents, and of one under ten requests a minute."""
ROLLING = "massgen-plugins, rolling 24 h"
"""With a sliding window of 24 hours in place of the calendar day that Gemini has."""

UNIT = "x one aiolimiter acquire"

_AMPLE = (10**9, 60.0)


def measure(effort: Effort) -> list[Figure]:
    """The cycle of three limits in the pure state and through the API, at every rate; each acquire alone.

    Nothing where the yardstick is not installed.
    """
    if peers.why_missing("aiolimiter"):
        return []
    return asyncio.run(_measure(effort))


async def _measure(effort: Effort) -> list[Figure]:
    ours = ThreeLimits.name
    made = [
        await _figure(PURE, ours, lambda: PureState(GEMINI_DAY).spin, effort),
        await _figure(PURE, ROLLING, lambda: PureState().spin, effort),
        await _figure(CYCLE, ours, lambda: ThreeLimits(day=GEMINI_DAY).spin, effort, goal=8),
        await _figure(CYCLE, ROLLING, lambda: ThreeLimits().spin, effort, goal=8),
    ]
    made += [await _figure(CYCLE, each.name, _cycle(each), effort) for each in peers.cycles()]
    made.append(await _figure(ALONE, ours, lambda: ThreeLimits(day=GEMINI_DAY).acquire_only, effort))
    made += [await _figure(ALONE, each.name, _alone(each), effort) for each in peers.find() if not each.ours]
    for gap in GAPS:
        made += await _apart(gap, effort)
    return made


async def _apart(gap: float, effort: Effort) -> list[Figure]:
    """The same with calls that come one by one, of all that can do without a loop whose time passes."""
    figures, step = [], int(gap * 1e9)
    with by_hand() as clock:
        base = partial(_acquires, _yardstick(), clock, step)

        async def add(what: str, whose: str, make: Callable[[], Spin], goal: float | None = None) -> None:
            if _waits(make):
                return
            pairs = await compare(make, base, effort.times, effort.rounds)
            figures.append(Figure(what.format(gap=gap), whose, pairs.ratio, UNIT, goal, note=pairs.note))

        await add(APART, ThreeLimits.name, partial(_ours, clock, step), goal=8)
        for cycle in peers.cycles():
            await add(APART, cycle.name, partial(_cycles, cycle, clock, step))
        for kind in peers.find()[1:]:
            await add(ALONE_APART, kind.name, partial(_acquires, kind, clock, step))
    return figures


def _ours(clock: Steps, step: int) -> Spin:
    limiter = ThreeLimits(MemoryStore(clock.tick, clock.wall), day=GEMINI_DAY)
    return lambda times: limiter.spin_apart(times, clock, step)


def _cycles(kind: type[peers.FullCycle], clock: Steps, step: int) -> Spin:
    spin = kind().spin

    async def run(times: int) -> None:
        for _ in range(times):
            clock.now += step
            await spin(1)

    return run


def _acquires(kind: type[peers.Peer], clock: Steps, step: int) -> Spin:
    acquire = kind(*_AMPLE).acquire

    async def run(times: int) -> None:
        for _ in range(times):
            clock.now += step
            await acquire()

    return run


def _waits(make: Callable[[], Spin]) -> bool:
    """Whether a limiter waits for its loop even when it is free; where time stands still, it would hang."""
    call = make()(1).__await__()
    try:
        next(call)
    except StopIteration:
        return False
    call.close()
    return True


def _yardstick() -> type[peers.Peer]:
    from tests.benchmarks.peers.aiolimiter import Aiolimiter

    return Aiolimiter


def _cycle(kind: type[peers.FullCycle]) -> Callable[[], Spin]:
    return lambda: kind().spin


def _alone(kind: type[peers.Peer]) -> Callable[[], Spin]:
    return lambda: kind(*_AMPLE).spin


async def _figure(
    what: str, whose: str, make: Callable[[], Spin], effort: Effort, goal: float | None = None
) -> Figure:
    yardstick = _yardstick()
    pairs = await compare(make, lambda: yardstick(*_AMPLE).spin, effort.times, effort.rounds)
    return Figure(what, whose, pairs.ratio, UNIT, goal, note=pairs.note)
