"""The only place that waits: from the wish to make a call to the hold that lets it leave."""

from __future__ import annotations

import asyncio
import os
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from massgen_plugins.errors import CallRefused
from massgen_plugins.middleware import Refusal
from massgen_plugins.quota import NANOSECONDS, Amounts, Scope, ScopeRules
from massgen_plugins.rate_limit import messages
from massgen_plugins.rate_limit.lane import Lane, Waiter
from massgen_plugins.rate_limit.ledger import Hold
from massgen_plugins.rate_limit.line import Bid
from massgen_plugins.rate_limit.scope_state import Blocker, Decision, Reason
from massgen_plugins.rate_limit.stores.base import ScopeUnknown, Store, StoreBusy
from massgen_plugins.rate_limit.unsaved import Ticket, Unsaved

__all__ = ["Limiter", "Ticket", "Wait"]

T = TypeVar("T")

_BUSY = 0.003

_URGENT_PATIENCE = 65 * NANOSECONDS
"""An event loop stands still while an urgent call waits: a minute's window comes round, then it gives up."""

_TRIES = 20
"""Each waits a few milliseconds inside the store: enough for any transaction of others, short for a loop."""


@dataclass(frozen=True, slots=True)
class Wait:
    """A wait that has begun, for those who want to show it.

    Attributes:
        scope: Where.
        seconds: How long it will take, estimated from below.
        place: How many calls of this event loop go before it.
        blocker: What is waited for; None when the store was busy.
        message: The same in one sentence.
    """

    scope: Scope
    seconds: float
    place: int
    blocker: Blocker | None
    message: str


class Limiter:
    """Admits calls into scopes, first come, first served, across event loops and threads.

    Args:
        store: Where the scopes live.
        on_wait: Told of every wait that begins; must not raise.
        on_ask: Called with the scope before waiting calls are asked again, several times a second;
            the place to notice changed limits and to :meth:`configure` them.
    """

    def __init__(
        self,
        store: Store,
        on_wait: Callable[[Wait, object], None] | None = None,
        on_ask: Callable[[Scope], None] | None = None,
    ) -> None:
        self.store = store
        self._on_wait = on_wait
        self._on_ask = on_ask
        self._rules: dict[Scope, ScopeRules] = {}
        self._lanes: dict[tuple[Scope, int], Lane] = {}
        self._unsaved = Unsaved()
        self._troubled: set[Scope] = set()
        self._process = (0, "")

    def configure(self, scope: Scope, rules: ScopeRules) -> None:
        """Let these rules hold in a scope from now on; waiting calls are asked again.

        Raises:
            StoreBusy: Nothing happened; see :meth:`prepare`.
        """
        if self._rules.get(scope) != rules:
            self.store.configure(scope, rules)
            self._rules[scope] = rules
            self._nudge(scope)

    async def prepare(self, scope: Scope, rules: ScopeRules) -> None:
        """As :meth:`configure`, however busy the store is: to be called before :meth:`acquire`."""
        while True:
            try:
                self.configure(scope, rules)
            except StoreBusy:
                await asyncio.sleep(_BUSY)
            else:
                return

    async def acquire(
        self,
        scope: Scope,
        amounts: Amounts,
        *,
        urgent: bool = False,
        since: int | None = None,
        who: object = None,
    ) -> Ticket:
        """Wait until the call may leave.

        Args:
            scope: A configured scope.
            amounts: Upper bounds of what the call takes, by kind.
            urgent: Whether the caller blocks an event loop; such a call goes before all others, and is
                refused if it would have to wait for more than a minute.
            since: Tick at which the call was first asked for, when it is sent again; it keeps its place.
            who: Handed on to ``on_wait``.

        Raises:
            CallRefused: The wait would be longer than allowed, or is no cure.
            StoreUnavailable: The store cannot be used.
        """
        arrival = self.store.tick() if since is None else since
        bid = Bid(0 if urgent else 1, arrival, amounts)
        loop = asyncio.get_running_loop()
        lane = self._lane(scope, loop)
        blocker = None
        if not lane.waiters or bid.place < lane.waiters[0].bid.place:
            try:
                decision = self._admit(scope, loop, [bid])
            except StoreBusy:
                pass
            else:
                if decision.holds:
                    return Ticket(scope, decision.holds[0], decision.holds[0])
                blocker = decision.blocker
        patience = self._rules[scope].max_wait
        waiter = Waiter(bid, arrival + (min(patience, _URGENT_PATIENCE) if urgent else patience))
        refusal = self._refusal(scope, waiter, blocker) if blocker else None
        if refusal is not None:
            raise refusal
        return await self._wait(scope, loop, waiter, blocker, who)

    def written(self, ticket: Ticket) -> None:
        """The call is being written now: its margin counts from here, if it took long to get here."""
        now = self.store.tick()
        hold = ticket.current
        if hold is not None and now > hold.begun:
            self._update(ticket, hold._replace(begun=now), urgent=True)

    def arrived(self, ticket: Ticket) -> None:
        """The answer's headers are here, so the server has counted the call."""
        if ticket.current is not None:
            self._update(ticket, ticket.current._replace(arrived=self.store.tick()), urgent=False)

    def settle(self, ticket: Ticket, actual: Amounts) -> None:
        """Replace estimates by what the provider counted; the last word is the true one."""
        if ticket.current is not None:
            amounts = {
                **ticket.current.amounts,
                **{k: v for k, v in actual.items() if k in ticket.current.amounts},
            }
            if amounts != ticket.current.amounts:
                self._update(ticket, ticket.current._replace(amounts=amounts), urgent=True)

    def release(self, ticket: Ticket) -> None:
        """The call was never sent: it took nothing."""
        if ticket.current is not None:
            self._update(ticket, None, urgent=True)

    def refused(self, ticket: Ticket, refusal: Refusal) -> bool:
        """Learn from a refusal, for everybody; True if a limit was lowered by it."""
        begun = ticket.current.begun if ticket.current else 0
        lowered = self._insist(ticket.scope, lambda: self.store.refused(ticket.scope, refusal, begun))
        self._troubled.add(ticket.scope)
        self._nudge(ticket.scope)
        return bool(lowered)

    def succeeded(self, ticket: Ticket) -> None:
        """Learn from an answer, if its scope is in trouble and so wants to hear of it."""
        if ticket.scope in self._troubled and ticket.current is not None:
            begun = ticket.current.begun
            self._insist(ticket.scope, lambda: self.store.succeeded(ticket.scope, begun))
            self._nudge(ticket.scope)

    def flush(self) -> None:
        """Bring the store up to date with everything that could wait."""
        for scope in self._unsaved.scopes():
            self._save(scope)

    async def _wait(
        self,
        scope: Scope,
        loop: asyncio.AbstractEventLoop,
        waiter: Waiter,
        blocker: Blocker | None,
        who: object,
    ) -> Ticket:
        lane = self._lane(scope, loop)
        lane.join(waiter, blocker)
        try:
            self._announce(scope, lane, waiter, blocker, who)
            hold = await waiter.future
        except BaseException:
            lane.drop(waiter)
            if waiter.future.done() and not waiter.future.cancelled() and waiter.future.exception() is None:
                hold = waiter.future.result()
                self.release(Ticket(scope, hold, hold))
            raise
        finally:
            if not lane.waiters:
                self._lanes.pop((scope, id(loop)), None)
        return Ticket(scope, hold, hold)

    def _announce(
        self, scope: Scope, lane: Lane, waiter: Waiter, blocker: Blocker | None, who: object
    ) -> None:
        ahead = lane.ahead_of(waiter)
        try:
            when = self.store.forecast(scope, self._lane_name(lane.loop), ahead, waiter.bid.amounts)
        except (StoreBusy, ScopeUnknown):
            return
        seconds = max(0.0, (when - self.store.tick()) / NANOSECONDS)
        if when > waiter.deadline and not (blocker and blocker.final):
            raise CallRefused(messages.patience_message(scope, seconds, waiter.patience / NANOSECONDS))
        if self._on_wait is not None:
            text = messages.describe_wait(scope, blocker, seconds, len(ahead))
            self._on_wait(Wait(scope, seconds, len(ahead), blocker, text), who)

    def _refusal(self, scope: Scope, waiter: Waiter, blocker: Blocker | None) -> Exception | None:
        rules = self._rules[scope]
        if blocker is None:  # its deadline has come
            if rules.wait_for_day:
                return None
            waited = (self.store.tick() - waiter.bid.arrival) / NANOSECONDS
            return CallRefused(messages.patience_message(scope, waited, waiter.patience / NANOSECONDS))
        if blocker.reason is Reason.DAY and not rules.wait_for_day:
            text = messages.day_message(scope, blocker, time.time())
            return CallRefused(text, resets_at=blocker.resets / NANOSECONDS)
        if blocker.reason is Reason.CLOSED:
            return CallRefused(messages.closed_message(scope, blocker.advice))
        return None

    def _lane(self, scope: Scope, loop: asyncio.AbstractEventLoop) -> Lane:
        lane = self._lanes.get((scope, id(loop)))
        if lane is None or lane.loop is not loop:
            lane = Lane(
                loop,
                admit=lambda bids: self._ask(scope, loop, bids),
                leave=lambda: self._leave(scope, loop),
                tick=self.store.tick,
                refusal=lambda waiter, blocker: self._refusal(scope, waiter, blocker),
            )
            self._lanes[scope, id(loop)] = lane
        return lane

    def _admit(self, scope: Scope, loop: asyncio.AbstractEventLoop, bids: list[Bid]) -> Decision:
        with self._unsaved.news(scope) as news:
            decision = self._known(scope, lambda: self.store.admit(scope, self._lane_name(loop), bids, news))
        (self._troubled.add if decision.troubled else self._troubled.discard)(scope)
        return decision

    def _ask(self, scope: Scope, loop: asyncio.AbstractEventLoop, bids: list[Bid]) -> Decision:
        if self._on_ask is not None:
            self._on_ask(scope)
        return self._admit(scope, loop, bids)

    def _leave(self, scope: Scope, loop: asyncio.AbstractEventLoop) -> None:
        self._insist(scope, lambda: self.store.leave(scope, self._lane_name(loop)))

    def _lane_name(self, loop: asyncio.AbstractEventLoop) -> str:
        if self._process[0] != os.getpid():  # also right in a forked child
            self._process = (os.getpid(), secrets.token_hex(4))
        return f"{self._process[1]}.{id(loop):x}"

    def _update(self, ticket: Ticket, current: Hold | None, *, urgent: bool) -> None:
        self._unsaved.note(ticket, current)
        if urgent:
            self._save(ticket.scope)
            self._nudge(ticket.scope)

    def _save(self, scope: Scope) -> None:
        def tell() -> None:
            with self._unsaved.news(scope) as news:
                self.store.restate(scope, news)

        self._insist(scope, tell)

    def _known(self, scope: Scope, operation: Callable[[], T]) -> T:
        """Do it, also when the scope was forgotten meanwhile (by hand, or with a file that was set aside)."""
        try:
            return operation()
        except ScopeUnknown:
            self.store.configure(scope, self._rules[scope])
            return operation()

    def _insist(self, scope: Scope, operation: Callable[[], T]) -> T | None:
        """Do it even if the store is busy at first; None if it stays so: then the next transaction tells it."""
        for _ in range(_TRIES):
            try:
                return self._known(scope, operation)
            except StoreBusy:
                continue
        return None

    def _nudge(self, scope: Scope) -> None:
        for (where, _), lane in list(self._lanes.items()):
            if where == scope and lane.waiters:
                lane.nudge()
