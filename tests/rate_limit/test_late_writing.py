"""Calls that look for a connection for long after they were admitted."""

from __future__ import annotations

import asyncio

import pytest

from massgen_plugins.quota import (
    MINUTE,
    NANOSECONDS,
    Bucket,
    CalendarDay,
    Domain,
    Kind,
    Limit,
    PoolRules,
    Sliding,
    Window,
)
from massgen_plugins.rate_limit.limiter import Limiter
from massgen_plugins.rate_limit.reservation import Ask, Reservation
from massgen_plugins.rate_limit.stores.memory import MemoryStore
from massgen_plugins.testing.virtual_time import virtual_time

DOMAIN = Domain("gemini", "project")
ONE = {Kind.REQUESTS: 1}
MIDNIGHT = 1_790_060_400 * NANOSECONDS
PACIFIC = CalendarDay("America/Los_Angeles")


@pytest.mark.parametrize("seconds", [40, 61])
@pytest.mark.parametrize("window", [MINUTE, PACIFIC, Bucket(MINUTE.length)])
def test_a_call_counts_from_when_it_is_written(window: Window, seconds: int) -> None:
    """Midnight passes meanwhile."""
    assert not _another_fits(window, seconds)


def test_a_call_that_is_written_more_than_a_window_after_its_admission_counts() -> None:
    assert not _another_fits(MINUTE, 70)


@pytest.mark.parametrize("window", [Sliding(NANOSECONDS), Sliding(10 * NANOSECONDS), Bucket(NANOSECONDS)])
def test_an_event_loop_that_stands_still_lets_no_second_call_leave_beside_the_first(window: Window) -> None:
    """When it goes on, its timer comes before the first call, which is not written yet."""
    rules = PoolRules((Limit(Kind.REQUESTS, 1, window),), cooldown_mode="off")
    with virtual_time() as clock:
        limiter = Limiter(MemoryStore(clock.tick, clock.tick), lambda _: rules)
        domain, written = limiter.domain(DOMAIN), []

        async def call() -> None:
            reservation = await domain.acquire(Ask(("model",), ONE, clock.tick(), call=object()))
            if not written:
                clock.advance(window.length / NANOSECONDS + 1)
                await asyncio.sleep(0)  # whoever waits comes first
            reservation.written()
            written.append(clock.tick())

        async def both() -> None:
            await asyncio.gather(call(), call())

        clock.run(both())
        assert written[1] - written[0] >= window.length


def test_a_call_that_is_written_at_once_counts_from_then() -> None:
    rules = PoolRules((Limit(Kind.REQUESTS, 1, Sliding(NANOSECONDS)),), cooldown_mode="off")
    with virtual_time() as clock:
        domain = Limiter(MemoryStore(clock.tick, clock.tick), lambda _: rules).domain(DOMAIN)

        async def calls() -> int:
            first = clock.tick()
            for _ in range(2):
                reservation = await domain.acquire(Ask(("model",), ONE, clock.tick(), call=object()))
                reservation.written()
                await asyncio.sleep(0.4)
                reservation.answered()
            return clock.tick() - first

        taken = clock.run(calls()) / NANOSECONDS
        assert taken == pytest.approx(0.15 + 1 + 0.4, abs=0.01)  # the margin, the window, the second answer


def _another_fits(window: Window, seconds: int) -> bool:
    """Whether, after the only call that is allowed was written so late, another one may leave."""
    rules = PoolRules((Limit(Kind.REQUESTS, 1, window),), cooldown_mode="off", zone=PACIFIC.zone)
    with virtual_time() as clock:
        zero = MIDNIGHT - clock.tick() - 20 * NANOSECONDS
        limiter = Limiter(MemoryStore(clock.tick, lambda: zero + clock.tick()), lambda _: rules)
        domain = limiter.domain(DOMAIN)
        late = clock.run(domain.acquire(Ask(("model",), ONE, clock.tick())))
        clock.advance(seconds)
        late.written()
        limiter.flush()
        verdict = domain.queue.read(lambda state, now: state.decide(now, Ask(("model",), ONE, now.tick)))
        return isinstance(verdict, Reservation)
