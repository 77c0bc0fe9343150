"""Our whole cycle with three limits, as the middleware goes through it, and its arithmetic alone."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from massgen_plugins.quota import DAY, NANOSECONDS, Kind, Window
from massgen_plugins.rate_limit.domain import DomainState
from massgen_plugins.rate_limit.moment import Moment
from massgen_plugins.rate_limit.reservation import Ask, Reservation
from massgen_plugins.rate_limit.stores.base import Store
from massgen_plugins.rate_limit.stores.memory import MemoryStore
from tests.benchmarks.peers.base import FullCycle
from tests.benchmarks.peers.ours import AMPLE, POOLS, begin, rules, three
from tests.benchmarks.virtual import Steps


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
    """Requests and tokens a minute, requests a day: reserve, stamp, settle, finish.

    Args:
        store: Where; its clock must be ``clock`` if that is to be pushed.
        clock: The clock to push.
        limits: What holds: requests and tokens a minute, requests a day.
        day: What a day is.
    """

    name = "massgen-plugins"
    does = "requests and tokens a minute, requests a day: acquire, write, stamp, settle, finish"
    ours = True

    def __init__(
        self,
        store: Store | None = None,
        clock: Clock | None = None,
        limits: tuple[int, int, int] = AMPLE,
        day: Window = DAY,
    ) -> None:
        self._clock = clock
        # Without patience: where the clock is pushed, a call that waits would wait for ever. It is refused.
        self.limiter, self._domain = begin(store or MemoryStore(), three(limits, day), patience=0)

    async def spin(self, times: int, weight: int = 4000) -> None:
        domain, wanted = self._domain, {Kind.REQUESTS: 1, Kind.INPUT_TOKENS: weight}
        used = {Kind.INPUT_TOKENS: weight * 9 // 10}
        for _ in range(times):
            call = await domain.acquire(Ask(POOLS, wanted))
            call.written()
            call.answered()
            call.settle(used)
            call.finished()

    async def spin_apart(self, times: int, clock: Steps, gap: int) -> None:
        """Cycles whose calls come ``gap`` nanoseconds apart, on a clock that is advanced by hand."""
        domain, wanted = self._domain, {Kind.REQUESTS: 1, Kind.INPUT_TOKENS: 4000}
        used = {Kind.INPUT_TOKENS: 3600}
        for _ in range(times):
            clock.now += gap
            call = await domain.acquire(Ask(POOLS, wanted))
            call.written()
            call.answered()
            call.settle(used)
            call.finished()

    async def acquire_only(self, times: int) -> None:
        """Acquire in a loop, and never tell what came of it."""
        domain, wanted = self._domain, {Kind.REQUESTS: 1, Kind.INPUT_TOKENS: 4000}
        for _ in range(times):
            await domain.acquire(Ask(POOLS, wanted))

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
        self._domain.queue.flush()

    async def keep_each(self, times: int) -> None:
        """Cycles whose settlement the worker keeps before the next begins, as when calls are rare."""
        flush, submit = self._domain.queue.flush, self.limiter.worker.submit
        for _ in range(times):
            await self.spin(1)
            submit(flush).result()

    def close(self) -> None:
        self.limiter.flush()
        self.limiter.store.close()


class PureState(FullCycle):
    """The arithmetic alone: no store, no lock, no event loop."""

    name = "massgen-plugins"
    does = "the same in the pure state of a domain"
    ours = True

    def __init__(self, day: Window = DAY) -> None:
        self._state = DomainState("benchmark")
        self._state.configure(POOLS[0], rules(three(AMPLE, day)), 0)

    async def spin(self, times: int) -> None:
        state, tick, wall = self._state, time.monotonic_ns, time.time_ns
        wanted, used = {Kind.REQUESTS: 1, Kind.INPUT_TOKENS: 4000}, {Kind.INPUT_TOKENS: 3600}
        for _ in range(times):
            now = Moment(tick(), wall())
            call = state.decide(now, Ask(POOLS, wanted, now.tick))
            assert isinstance(call, Reservation)
            call.answered_at = tick()
            call.settle(used)
            booking = call.booking
            state.change(call, booking, now)
