"""A store on the test stand: what the checks do with it, in few words."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from itertools import count
from typing import TypeAlias

from massgen_plugins.quota import MINUTE, CalendarDay, Kind, Limit, Scope, ScopeRules
from massgen_plugins.rate_limit.decision import Decision
from massgen_plugins.rate_limit.hold import Hold, News
from massgen_plugins.rate_limit.line import Bid
from massgen_plugins.rate_limit.stores.base import Store

__all__ = ["ONE", "SCOPE", "ZONE", "Check", "Stand", "per_day", "per_minute", "rules", "tokens"]

SCOPE = Scope("contract", "project", "model")
ZONE = "America/Los_Angeles"
ONE = {Kind.REQUESTS: 1}


@dataclass
class Stand:
    """A fresh store and its clock.

    Attributes:
        store: The one to check; made anew for each check.
        advance: Lets the store's clock go on by so many seconds.
    """

    store: Store
    advance: Callable[[float], None]
    _arrivals: count[int] = field(default_factory=count)

    async def ask(
        self,
        *wanted: dict[Kind, int],
        lane: str = "lane",
        arrival: int | None = None,
        news: tuple[Hold, ...] = (),
    ) -> Decision:
        """Ask for these calls, in this order; ``arrival`` is the ticket of the first."""
        start = self.store.tick() + next(self._arrivals) if arrival is None else arrival
        bids = [Bid(1, start + number, amounts) for number, amounts in enumerate(wanted)]
        return await self.store.admit(SCOPE, lane, bids, news)

    async def granted(self, *wanted: dict[Kind, int], lane: str = "lane") -> int:
        """How many of these calls may leave; nobody waits for the others."""
        decision = await self.ask(*wanted, lane=lane)
        self.store.leave(SCOPE, lane)
        self.store.flush()
        return len(decision.holds)

    async def answered(self, hold: Hold) -> None:
        """The headers of a call's answer have come."""
        hold.arrived = self.store.tick()
        await self.tell(hold)

    async def tell(self, hold: Hold) -> None:
        """The store hears the news of a call, and has taken note of it when this returns."""
        self.store.post(SCOPE, News({hold: None}))
        self.store.flush()

    def used(self) -> list[int]:
        """What counts now, of each limit."""
        (view,) = [view for view in self.store.view() if view.scope == SCOPE]
        return [usage.used for usage in view.usage]


Check: TypeAlias = Callable[[Stand], Awaitable[None]]


def per_minute(requests: int) -> Limit:
    """So many requests a minute."""
    return Limit(Kind.REQUESTS, requests, MINUTE)


def tokens(amount: int) -> Limit:
    """So many input tokens a minute."""
    return Limit(Kind.INPUT_TOKENS, amount, MINUTE)


def per_day(requests: int) -> Limit:
    """So many requests a day."""
    return Limit(Kind.REQUESTS, requests, CalendarDay(ZONE))


def rules(*limits: Limit) -> ScopeRules:
    """Rules without a cooldown."""
    return ScopeRules(limits=limits, cooldown_mode="off", zone=ZONE)
