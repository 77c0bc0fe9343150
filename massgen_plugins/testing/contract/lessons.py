"""What a refusal teaches holds for everybody, at once."""

from __future__ import annotations

from massgen_plugins.middleware import Refusal, RefusalKind, StatedLimit
from massgen_plugins.quota import NANOSECONDS, Kind
from massgen_plugins.rate_limit.decision import Reason
from massgen_plugins.rate_limit.hold import News
from massgen_plugins.testing.contract.stand import ONE, SCOPE, Check, Stand, per_day, per_minute, rules

__all__ = ["CHECKS"]


async def a_pause_holds_back_every_lane_from_now_on(stand: Stand) -> None:
    """Ten seconds were asked for, and one more is waited."""
    begun = await _one_call(stand)
    await stand.store.refused(SCOPE, Refusal(RefusalKind.MINUTE, 10.0), begun)
    assert stand.store.taker(SCOPE, News())(ONE) is None
    decision = await stand.ask(ONE, lane="other")
    assert decision.blocker is not None
    assert decision.blocker.reason is Reason.PAUSE
    assert decision.troubled
    stand.advance(11.5)
    assert len((await stand.ask(ONE, lane="other")).holds) == 1


async def after_a_pause_one_call_leaves_alone(stand: Stand) -> None:
    """A pause that is over does not release a herd."""
    begun = await _one_call(stand)
    stated = Refusal(RefusalKind.MINUTE, 1.0, (StatedLimit(Kind.REQUESTS, per_day=False, amount=9),))
    await stand.store.refused(SCOPE, stated, begun)
    stand.advance(2.5)
    decision = await stand.ask(*[ONE] * 4)
    assert len(decision.holds) == 1
    assert decision.blocker is not None
    assert decision.blocker.reason is Reason.PROBE
    await stand.store.succeeded(SCOPE, decision.holds[0].begun)
    assert len((await stand.ask(*[ONE] * 3)).holds) == 3


async def a_lower_limit_is_adopted_and_kept(stand: Stand) -> None:
    """The provider says that it allows three a minute; it is told once."""
    begun = await _one_call(stand)
    stated = Refusal(RefusalKind.MINUTE, 1.0, (StatedLimit(Kind.REQUESTS, per_day=False, amount=3),))
    assert await stand.store.refused(SCOPE, stated, begun)
    assert not await stand.store.refused(SCOPE, stated, begun)
    stand.advance(2.5)
    (hold,) = (await stand.ask(ONE)).holds
    await stand.store.succeeded(SCOPE, hold.begun)
    assert len((await stand.ask(*[ONE] * 5)).holds) == 1
    (view,) = stand.store.view()
    assert [usage.cap for usage in view.usage] == [3]


async def a_day_that_the_provider_calls_spent_is_spent(stand: Stand) -> None:
    """Whatever was counted here: somebody else has used the same key."""
    await stand.store.configure(SCOPE, rules(per_day(100)))
    (hold,) = (await stand.ask(ONE)).holds
    await stand.store.refused(SCOPE, Refusal(RefusalKind.DAY), hold.begun)
    decision = await stand.ask(ONE)
    assert decision.blocker is not None
    assert decision.blocker.reason is Reason.DAY


async def a_closed_door_is_told_with_its_advice(stand: Stand) -> None:
    """For a minute: one key costs one refusal, not one for each agent."""
    begun = await _one_call(stand)
    await stand.store.refused(SCOPE, Refusal(RefusalKind.PERMANENT, advice="Add credit."), begun)
    decision = await stand.ask(ONE)
    assert decision.blocker is not None
    assert (decision.blocker.reason, decision.blocker.advice) == (Reason.CLOSED, "Add credit.")
    stand.advance(61)
    assert (await stand.ask(ONE)).holds


async def what_was_learned_can_be_forgotten(stand: Stand) -> None:
    """What was spent stays spent."""
    begun = await _one_call(stand)
    stated = Refusal(RefusalKind.MINUTE, 1.0, (StatedLimit(Kind.REQUESTS, per_day=False, amount=2),))
    await stand.store.refused(SCOPE, stated, begun)
    stand.store.unlearn(SCOPE)
    assert stand.used() == [1]
    assert len((await stand.ask(*[ONE] * 9)).holds) == 8


async def what_time_it_is_can_be_heard_and_changes_no_minute(stand: Stand) -> None:
    """Whatever a provider says, since that is another clock than the one by which windows go on."""
    begun = await _one_call(stand)
    for date in (1_577_836_800, 4_102_444_799):
        await stand.store.hear(SCOPE, date * NANOSECONDS, begun)
        assert stand.used() == [1]
        assert await stand.granted(*[ONE] * 9) == 8
        stand.advance(70)
        assert await stand.granted(ONE) == 1


async def _one_call(stand: Stand) -> int:
    """Nine a minute, and one has left; returns when it began."""
    await stand.store.configure(SCOPE, rules(per_minute(9)))
    (hold,) = (await stand.ask(ONE)).holds
    return hold.begun


CHECKS: tuple[Check, ...] = (
    a_pause_holds_back_every_lane_from_now_on,
    after_a_pause_one_call_leaves_alone,
    a_lower_limit_is_adopted_and_kept,
    a_day_that_the_provider_calls_spent_is_spent,
    a_closed_door_is_told_with_its_advice,
    what_was_learned_can_be_forgotten,
    what_time_it_is_can_be_heard_and_changes_no_minute,
)
