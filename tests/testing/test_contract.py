"""The contract of stores: kept by ours, and noticed when a store lies."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from massgen_plugins.quota import MINUTE, Amounts, Limit, Scope, ScopeRules
from massgen_plugins.rate_limit.decision import Decision
from massgen_plugins.rate_limit.hold import Hold
from massgen_plugins.rate_limit.line import Bid
from massgen_plugins.rate_limit.stores.awaited import awaited
from massgen_plugins.rate_limit.stores.memory import MemoryStore
from massgen_plugins.rate_limit.stores.sqlite import SqliteStore
from massgen_plugins.testing.contract import CHECKS, Stand

NOON = 1_790_000_000 * 10**9


class Clock:
    """Time that goes on when it is told to."""

    def __init__(self) -> None:
        self.now = 10**15

    def tick(self) -> int:
        return self.now

    def wall(self) -> int:
        return NOON + self.now - 10**15

    def advance(self, seconds: float) -> None:
        self.now += int(seconds * 1e9)


@pytest.fixture(params=["memory", "sqlite"])
def stand(request, tmp_path: Path):
    clock = Clock()
    local = (
        MemoryStore(clock.tick, clock.wall)
        if request.param == "memory"
        else SqliteStore(tmp_path / "q.sqlite3", since_boot=clock.tick, boot=lambda: "b", wall=clock.wall)
    )
    yield Stand(awaited(local), clock.advance)
    local.close()


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_our_stores_keep_the_contract(stand: Stand, check) -> None:
    asyncio.run(check(stand))


class ForgetsCalls(MemoryStore):
    """Every second booking is lost."""

    def admit(self, scope: Scope, lane: str, bids: Sequence[Bid], news: Sequence[Hold] = ()) -> Decision:
        decision = super().admit(scope, lane, bids, news)
        for hold in decision.holds[1::2]:
            begun, arrived, row = hold.booked
            hold.row = 0
            super().rebook(scope, [hold])
            hold.booked, hold.row = (begun, arrived, 0), row
        return decision


class NeverGivesBack(MemoryStore):
    """Settlements are ignored."""

    def rebook(self, scope: Scope, news: Sequence[Hold]) -> None:
        """Nothing happens."""


class GivesBackTwice(MemoryStore):
    """A settlement that is told twice is booked twice."""

    def rebook(self, scope: Scope, news: Sequence[Hold]) -> None:
        before = [hold.booked for hold in news]
        super().rebook(scope, news)
        for hold, booked in zip(news, before, strict=True):
            hold.booked = booked


class LetsPass(MemoryStore):
    """Small calls go before large ones that came earlier."""

    def admit(self, scope: Scope, lane: str, bids: Sequence[Bid], news: Sequence[Hold] = ()) -> Decision:
        hurried = [Bid(min(1, sum(bid.amounts.values()) // 50), bid.arrival, bid.amounts) for bid in bids]
        return super().admit(scope, lane, hurried, news)


class LearnsNothing(MemoryStore):
    """Refusals are not heard."""

    def refused(self, *_) -> bool:
        return False


class BeginsAnew(MemoryStore):
    """When it hears the time, all is forgotten."""

    def hear(self, scope: Scope, date: int, asked: int) -> None:
        rules = self._states[scope].rules
        self.forget(scope)
        self.configure(scope, rules)


class ClockRunsFast(MemoryStore):
    """A minute is over after 59 seconds."""

    def tick(self) -> int:
        return super().tick() * 60 // 59


class HoldsTheLine(MemoryStore):
    """Nobody who has left, or does not come, loses his place."""

    def leave(self, *_) -> None:
        """Nothing happens."""


class OneKindOnly(MemoryStore):
    """Only the first of the limits is kept."""

    def configure(self, scope: Scope, rules: ScopeRules) -> None:
        super().configure(scope, ScopeRules(rules.limits[:1], cooldown_mode="off", zone=rules.zone))


class HasNoRules(MemoryStore):
    """What is unknown gets generous limits."""

    def admit(self, scope: Scope, lane: str, bids: Sequence[Bid], news: Sequence[Hold] = ()) -> Decision:
        if scope not in self._states:
            self.configure(scope, ScopeRules(tuple(Limit(kind, 10**6, MINUTE) for kind in bids[0].amounts)))
        return super().admit(scope, lane, bids, news)


class Impatient(MemoryStore):
    """Where many wait nobody is told the truth about how long."""

    def forecast(self, scope: Scope, lane: str, ahead: Amounts, own: Amounts) -> int:
        return self.tick()


@pytest.mark.parametrize(
    "liar",
    [
        *(ForgetsCalls, NeverGivesBack, GivesBackTwice, LetsPass, LearnsNothing, ClockRunsFast),
        *(HoldsTheLine, OneKindOnly, HasNoRules, Impatient, BeginsAnew),
    ],
)
def test_a_store_that_lies_is_caught(liar: type[MemoryStore]) -> None:
    caught = []
    for check in CHECKS:
        clock = Clock()
        try:
            asyncio.run(check(Stand(awaited(liar(clock.tick, clock.wall)), clock.advance)))
        except Exception:
            caught.append(check.__name__)
    assert caught


def test_every_check_says_what_it_checks() -> None:
    assert all(check.__doc__ and check.__doc__.strip().endswith(".") for check in CHECKS)
    assert len({check.__name__ for check in CHECKS}) == len(CHECKS)
