"""The test fixture of the contract: operations that the checks perform on a store."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import NamedTuple, TypeAlias, TypeVar

from massgen_plugins.quota import MINUTE, Amounts, CalendarDay, Domain, Kind, Limit, PoolRules
from massgen_plugins.rate_limit.domain import DomainState
from massgen_plugins.rate_limit.moment import Moment
from massgen_plugins.rate_limit.replica import DomainReplica
from massgen_plugins.rate_limit.reservation import Ask, Reservation
from massgen_plugins.rate_limit.stores.base import Store
from massgen_plugins.rate_limit.verdict import Blocker, LimitView

__all__ = [
    "DOMAIN",
    "MODEL",
    "ONE",
    "ZONE",
    "Answer",
    "Check",
    "Stand",
    "per_day",
    "per_minute",
    "rules",
    "tokens",
]

T = TypeVar("T")

DOMAIN = Domain("contract", "project")
MODEL = "model"
ZONE = "America/Los_Angeles"
ONE: dict[str, int] = {Kind.REQUESTS: 1}


class Answer(NamedTuple):
    """The decision on a sequence of calls.

    Attributes:
        granted: A reservation for each admitted call, in order.
        blocker: What blocks the next call; None if all are admitted.
    """

    granted: list[Reservation]
    blocker: Blocker | None


@dataclass
class Stand:
    """A fresh store and its clock; processes that share it are distinguished by name.

    Attributes:
        store: The store to check, created anew for each check.
        advance: Moves the store's clock forward by this many seconds.
    """

    store: Store
    advance: Callable[[float], None]
    _rules: dict[str, PoolRules] = field(default_factory=dict)
    _replicas: dict[str, DomainReplica] = field(default_factory=dict)
    _arrivals: count[int] = field(default_factory=count)

    def configure(self, *limits: Limit, pool: str = MODEL) -> None:
        """Set the limits of a pool, for every process."""
        self._rules[pool] = rules(*limits)

    def process(self, name: str = "process") -> DomainReplica:
        """A process's copy of the domain."""
        if name not in self._replicas:
            self._replicas[name] = DomainReplica(DOMAIN, self.store, name, _fail)
        return self._replicas[name]

    def ask(
        self,
        *wanted: Amounts,
        process: str = "process",
        arrival: int | None = None,
        pools: tuple[str, ...] = (MODEL,),
    ) -> Answer:
        """Request admission of calls in order; ``arrival`` is the first one's ticket. Others keep waiting."""
        start = self.store.tick() + next(self._arrivals) if arrival is None else arrival
        asks = [Ask(pools, amounts, start + number, call=object()) for number, amounts in enumerate(wanted)]

        def decide(state: DomainState, now: Moment) -> Answer:
            for pool in pools:
                state.configure(pool, self._rules.get(pool), now.tick)
            granted: list[Reservation] = []
            for number, ask in enumerate(asks):
                verdict = state.decide(now, ask)
                if not isinstance(verdict, Reservation):
                    blocker = verdict.blocker
                    if not blocker.final:
                        state.queue(ask, process, now.tick, blocker.until, len(asks) - number)
                    return Answer(granted, blocker)
                granted.append(verdict)
            state.leave_queue()
            return Answer(granted, None)

        return self.do(decide, process)

    def granted(self, *wanted: Amounts, process: str = "process") -> int:
        """Number of these calls that are admitted; the others are given up."""
        answer = self.ask(*wanted, process=process)
        self.do(lambda state, _: state.leave_queue(), process)
        return len(answer.granted)

    def attach(self, call: Reservation, process: str = "process") -> None:
        """Connect a reservation to the store; its updates take effect after :meth:`know`."""
        call.attach(self.store.tick, self.process(process).moment, lambda _: None)

    def answered(self, call: Reservation, process: str = "process") -> None:
        """Report that a call's response headers have arrived, and write the update."""
        self.attach(call, process)
        call.answered()
        self.know(call, process)

    def know(self, call: Reservation, process: str = "process") -> None:
        """Write a call's pending updates, so that every process sees them."""
        booking = call.booking
        self.do(lambda state, now: state.change(call, booking, now), process)
        call.booked = booking

    def do(self, work: Callable[[DomainState, Moment], T], process: str = "process") -> T:
        """Run one transaction of a process."""
        return self.process(process).transact(work, patient=True)

    def view(self, pool: str = MODEL, process: str = "process") -> list[LimitView]:
        """The limits of a pool with their usage."""
        return self.do(lambda state, now: state.pool(pool).view(now), process)

    def used(self, pool: str = MODEL) -> list[int]:
        """The current usage of each limit."""
        return [row.used for row in self.view(pool)]


Check: TypeAlias = Callable[[Stand], None]


def per_minute(requests: int) -> Limit:
    """A limit on requests per minute."""
    return Limit(Kind.REQUESTS, requests, MINUTE)


def tokens(amount: int) -> Limit:
    """A limit on input tokens per minute."""
    return Limit(Kind.INPUT_TOKENS, amount, MINUTE)


def per_day(requests: int) -> Limit:
    """A limit on requests per day."""
    return Limit(Kind.REQUESTS, requests, CalendarDay(ZONE))


def rules(*limits: Limit) -> PoolRules:
    """Rules without a cooldown."""
    return PoolRules(limits=limits, cooldown_mode="off", zone=ZONE)


def _fail(sentence: str) -> None:
    raise AssertionError(sentence)
