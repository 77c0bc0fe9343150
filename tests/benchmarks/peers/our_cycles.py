"""Our whole cycle with three limits, as the middleware goes through it, and its arithmetic alone."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from massgen_plugins.quota import DAY, NANOSECONDS, Kind, Window
from massgen_plugins.rate_limit.hold import Hold
from massgen_plugins.rate_limit.ledger import Ledger, Moment
from massgen_plugins.rate_limit.limiter import Limiter
from massgen_plugins.rate_limit.stores.awaited import BATCH
from massgen_plugins.rate_limit.stores.base import Store
from massgen_plugins.rate_limit.stores.memory import MemoryStore
from tests.benchmarks.peers.base import FullCycle
from tests.benchmarks.peers.ours import AMPLE, SCOPE, rules, three


class Clock:
    """A real clock that can be pushed forward, to fill a window evenly without waiting for it."""

    def __init__(self) -> None:
        self.ahead = 0
        self._stopped = 0
        self._epoch = time.time_ns() - time.monotonic_ns()

    def tick(self) -> int:
        return (self._stopped or time.monotonic_ns()) + self.ahead

    def wall(self) -> int:
        return self._epoch + self.tick()

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Within it, time passes by being pushed only."""
        self._stopped = time.monotonic_ns()
        yield
        self.ahead += self._stopped - time.monotonic_ns()
        self._stopped = 0


class ThreeLimits(FullCycle):
    """Requests and tokens a minute, requests a day: reserve, stamp, settle.

    Args:
        store: Where; its clock must be ``clock`` if :meth:`fill` is to be used.
        clock: The clock to push.
        limits: What holds: requests and tokens a minute, requests a day.
        day: What a day is.
    """

    name = "massgen-plugins"
    does = "requests and tokens a minute, requests a day: acquire, stamp, settle"
    ours = True

    def __init__(
        self,
        store: Store | None = None,
        clock: Clock | None = None,
        limits: tuple[int, int, int] = AMPLE,
        day: Window = DAY,
    ) -> None:
        self.limiter = Limiter(store or MemoryStore())
        self._clock = clock
        self.limiter.configure(SCOPE, rules(three(limits, day)))

    async def spin(self, times: int, weight: int = 4000) -> None:
        limiter, wanted = self.limiter, {Kind.REQUESTS: 1, Kind.INPUT_TOKENS: weight}
        used = {Kind.INPUT_TOKENS: weight * 9 // 10}
        for _ in range(times):
            hold = await limiter.acquire(SCOPE, wanted)
            limiter.arrived(hold)
            limiter.settle(hold, used)

    async def acquire_only(self, times: int) -> None:
        """Acquire in a loop, and never tell what came of it."""
        acquire, wanted = self.limiter.acquire, {Kind.REQUESTS: 1, Kind.INPUT_TOKENS: 4000}
        for _ in range(times):
            await acquire(SCOPE, wanted)

    async def fill(self, events: int, seconds: float) -> None:
        """Make calls evenly over the last ``seconds``, as the clock will show."""
        assert self._clock is not None
        with self._clock.stopped():
            for _ in range(events):
                self._clock.ahead += int(seconds * NANOSECONDS / events)
                await self.spin(1, 1000)  # as many tokens as the largest limits have for each call

    async def spin_and_keep(self, times: int) -> None:
        """Cycles, and all that they wrote is kept at the end."""
        await self.spin(times)
        self.limiter.flush()

    async def keep_each(self, times: int) -> None:
        """Cycles whose settlement is kept before the next begins, as when calls are rare."""
        for _ in range(times):
            await self.spin_and_keep(1)

    def close(self) -> None:
        self.limiter.flush()
        self.limiter.store.close()


class PureLedger(FullCycle):
    """The arithmetic alone: no store, no lock, no event loop."""

    name = "massgen-plugins"
    does = "the same in the pure ledger"
    ours = True

    def __init__(self, day: Window = DAY) -> None:
        self._ledger = Ledger(three(AMPLE, day))

    async def spin(self, times: int) -> None:
        ledger, tick, wall = self._ledger, time.monotonic_ns, time.time_ns
        wanted = {Kind.REQUESTS: 1, Kind.INPUT_TOKENS: 4000}
        used = {Kind.INPUT_TOKENS: 3600}
        news: list[Hold] = []
        for _ in range(times):
            hold = ledger.take(now := tick(), wanted)
            if hold is None:  # as every store does when a step of its windows ends
                ledger.advance(Moment(now, wall()))
                hold = ledger.take(now, wanted)
            hold.arrived = tick()
            hold.settle(used)
            news.append(hold)
            if len(news) == BATCH:  # as a store of one process does
                ledger.rebook(news)
                news.clear()
        ledger.rebook(news)
