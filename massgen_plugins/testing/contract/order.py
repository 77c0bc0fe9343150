"""First come, first served, across lanes; and nobody is held up by one who does not take his turn."""

from __future__ import annotations

from massgen_plugins.quota import Kind
from massgen_plugins.rate_limit.decision import Reason
from massgen_plugins.testing.contract.stand import ONE, SCOPE, Check, Stand, per_minute, rules, tokens

__all__ = ["CHECKS"]


async def whoever_came_first_goes_first_whichever_lane_asks(stand: Stand) -> None:
    """The second lane is told that it waits for its turn."""
    start = await _full(stand)
    await stand.ask(ONE, lane="first", arrival=start + 1)
    await stand.ask(ONE, lane="second", arrival=start + 2)
    stand.advance(60)
    await stand.ask(ONE, lane="first", arrival=start + 1)
    stand.advance(2.5)
    late = await stand.ask(ONE, lane="second", arrival=start + 2)
    assert late.blocker is not None
    assert late.blocker.reason is Reason.LINE
    assert (await stand.ask(ONE, lane="first", arrival=start + 1)).holds


async def a_large_call_is_not_overtaken_by_small_ones(stand: Stand) -> None:
    """The head of the line reserves its place."""
    await stand.store.configure(SCOPE, rules(tokens(100)))
    assert await stand.granted({Kind.INPUT_TOKENS: 50}) == 1
    start = stand.store.tick()
    await stand.ask({Kind.INPUT_TOKENS: 80}, lane="large", arrival=start + 1)
    small = await stand.ask({Kind.INPUT_TOKENS: 10}, lane="small", arrival=start + 2)
    assert not small.holds


async def one_that_does_not_take_its_turn_is_overtaken_and_keeps_its_ticket(stand: Stand) -> None:
    """A stopped process stalls nobody for longer than the patience of the others."""
    start = await _full(stand, limit=2)
    await stand.ask(ONE, lane="stopped", arrival=start + 1)
    stand.advance(60)
    await stand.ask(ONE, lane="stopped", arrival=start + 1)
    stand.advance(2.5)
    assert not (await stand.ask(ONE, ONE, lane="awake", arrival=start + 2)).holds
    stand.advance(0.2)
    assert (await stand.ask(ONE, lane="awake", arrival=start + 2)).holds
    assert (await stand.ask(ONE, lane="stopped", arrival=start + 1)).holds


async def a_lane_that_has_left_is_not_waited_for(stand: Stand) -> None:
    """Its only waiter was cancelled."""
    start = await _full(stand)
    stand.advance(58)
    await stand.ask(ONE, lane="gone", arrival=start + 1)
    stand.store.leave(SCOPE, "gone")
    stand.store.flush()
    stand.advance(4.5)
    assert (await stand.ask(ONE, lane="next", arrival=start + 2)).holds


async def who_waits_and_what_is_on_its_way_can_be_seen(stand: Stand) -> None:
    """For people to look at."""
    await stand.store.configure(SCOPE, rules(per_minute(2)))
    decision = await stand.ask(*[ONE] * 5)
    (view,) = stand.store.view()
    assert (view.in_flight, view.waiting) == (2, 3)
    for hold in decision.holds:
        await stand.answered(hold)
    (view,) = stand.store.view()
    assert view.in_flight == 0


async def a_forecast_counts_those_ahead(stand: Stand) -> None:
    """With two places a minute the third to come waits for the second minute."""
    await _full(stand, limit=2)
    now = stand.store.tick()
    soon = await stand.store.forecast(SCOPE, "lane", {}, ONE)
    later = await stand.store.forecast(SCOPE, "lane", {Kind.REQUESTS: 2}, ONE)
    assert 55 < (soon - now) / 1e9 < 63
    assert (later - soon) / 1e9 > 55


async def _full(stand: Stand, limit: int = 1) -> int:
    """All of the minute is spent; returns the moment."""
    await stand.store.configure(SCOPE, rules(per_minute(limit)))
    assert await stand.granted(*[ONE] * limit) == limit
    return stand.store.tick()


CHECKS: tuple[Check, ...] = (
    whoever_came_first_goes_first_whichever_lane_asks,
    a_large_call_is_not_overtaken_by_small_ones,
    one_that_does_not_take_its_turn_is_overtaken_and_keeps_its_ticket,
    a_lane_that_has_left_is_not_waited_for,
    who_waits_and_what_is_on_its_way_can_be_seen,
    a_forecast_counts_those_ahead,
)
