"""The cooldown after agents start: one for each run in each pool."""

from __future__ import annotations

import asyncio

import pytest

from massgen_plugins.quota import MINUTE, NANOSECONDS, Domain, Limit, PoolRules
from massgen_plugins.rate_limit.admission import Admission
from massgen_plugins.rate_limit.domain import DomainState
from massgen_plugins.rate_limit.moment import NEVER, Moment
from massgen_plugins.rate_limit.reservation import Ask, Booking, Reservation
from massgen_plugins.rate_limit.startup import UNKNOWN_LIMIT_COOLDOWN, Startups
from massgen_plugins.rate_limit.stores.memory import MemoryStore
from massgen_plugins.rate_limit.verdict import Reason, Wait
from massgen_plugins.rate_limit.waiter import Waiter, WaitPolicy

COOLDOWN = 3 * NANOSECONDS
DOMAIN = Domain("gemini", "project")
ONE = (Limit("requests", 9, MINUTE),)


def startups(mode: str, cooldown: int = COOLDOWN, limits: tuple[Limit, ...] = ONE) -> Startups:
    return Startups(lambda _: PoolRules(limits, cooldown, mode))


def ask(agent: str = "a", run: str = "run", pool: str = "pool") -> Ask:
    return Ask((pool,), {}, 0, run=run, agent_id=agent, call=object())


def leaves(known: Startups, call: Ask, now: int) -> bool:
    blocker = known.blocker(call, now)
    if blocker is None:
        known.granted(Reservation(call, Booking({}, frozenset(), now, NEVER, now, NEVER, 0, 0)), now)
        return True
    assert blocker.reason is Reason.STARTUP
    return False


def test_probe_lets_one_call_leave_and_the_others_when_it_is_answered() -> None:
    known, first, second = startups("probe"), ask("a"), ask("b")
    assert leaves(known, first, 0)
    assert not leaves(known, second, 1)
    assert known.blocker(second, 1).until == COOLDOWN
    assert known.ended(first, answered=True)
    assert leaves(known, second, 2)
    assert not known.ended(second, answered=True)


def test_probe_waits_no_longer_than_the_cooldown() -> None:
    known = startups("probe")
    assert leaves(known, ask("a"), 0)
    assert not leaves(known, ask("b"), COOLDOWN - 1)
    assert leaves(known, ask("b"), COOLDOWN)
    assert leaves(known, ask("c"), COOLDOWN)


def test_when_the_first_call_comes_to_nothing_the_next_takes_its_part() -> None:
    known, first = startups("probe"), ask("a")
    assert leaves(known, first, 0)
    assert known.ended(first, answered=False)
    assert leaves(known, ask("b"), 5)
    assert not leaves(known, ask("c"), 6)


def test_the_first_call_may_be_sent_again() -> None:
    known, first = startups("probe"), ask("a")
    assert [leaves(known, first, 0), leaves(known, first, 1)] == [True, True]


def test_space_keeps_the_cooldown_between_first_calls_only() -> None:
    known = startups("space")
    assert leaves(known, ask("a"), 0)
    assert not leaves(known, ask("b"), COOLDOWN - 1)
    assert leaves(known, ask("a"), 5)
    assert leaves(known, ask("b"), COOLDOWN)
    assert not leaves(known, ask("c"), COOLDOWN + 1)
    assert leaves(known, ask("b"), COOLDOWN + 1)


def test_each_run_and_each_pool_has_its_own() -> None:
    known = startups("probe")
    assert leaves(known, ask("a"), 0)
    assert leaves(known, ask("a", run="other"), 0)
    assert leaves(known, ask("a", pool="other"), 0)
    assert not leaves(known, ask("b"), 0)


@pytest.mark.parametrize(("mode", "cooldown"), [("off", COOLDOWN), ("probe", 0), ("space", 0)])
def test_no_cooldown_means_no_pause(mode: str, cooldown: int) -> None:
    known = startups(mode, cooldown)
    assert all(leaves(known, ask(name), 7) for name in "abc")


@pytest.mark.parametrize("rules", [None, PoolRules((), COOLDOWN, "off")], ids=["no rules", "no limits"])
def test_where_no_limit_is_known_the_first_call_leaves_alone(rules: PoolRules | None) -> None:
    known = Startups(lambda _: rules)
    assert leaves(known, ask("a"), 0)
    assert not leaves(known, ask("b"), UNKNOWN_LIMIT_COOLDOWN - 1)
    assert leaves(known, ask("b"), UNKNOWN_LIMIT_COOLDOWN)


def test_a_server_that_runs_for_months_keeps_only_the_latest_runs() -> None:
    known = startups("probe")
    for number in range(5_000):
        assert leaves(known, ask("a", run=f"run{number}"), number)
    assert len(known._known) <= 2_000
    assert not leaves(known, ask("b", run="run4999"), 5_000)


def test_a_grant_that_lost_a_conflict_leaves_the_run_at_its_start() -> None:
    """The second attempt's grant is the first call again: others still wait for its answer."""
    known, store = startups("probe"), MemoryStore(lambda: 0, lambda: 0, shared=True)
    policy = WaitPolicy(DOMAIN, lambda _: PoolRules(ONE, COOLDOWN, "probe"), None)
    admission = Admission(policy, known, store)
    first = ask("a")

    async def main() -> None:
        for _ in range(2):
            ((_, verdict),) = admission.decide([Waiter(first)], DomainState("me"), Moment(0, 0))
            assert isinstance(verdict, Reservation)
        admission.confirm()
        ((_, verdict),) = admission.decide([Waiter(ask("b"))], DomainState("me"), Moment(1, 1))
        assert isinstance(verdict, Wait)
        assert verdict.blocker.reason is Reason.STARTUP

    asyncio.run(main())
