"""The only place that waits: from the wish to make a call to the hold that lets it leave."""

from __future__ import annotations

import asyncio
import os
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

from massgen_plugins.errors import CallRefused
from massgen_plugins.middleware import Refusal
from massgen_plugins.quota import NANOSECONDS, Amounts, Scope, ScopeRules
from massgen_plugins.rate_limit import messages
from massgen_plugins.rate_limit.bookkeeper import Bookkeeper
from massgen_plugins.rate_limit.crowd import Crowd
from massgen_plugins.rate_limit.hold import Hold
from massgen_plugins.rate_limit.lane import Lane, Waiter
from massgen_plugins.rate_limit.line import NORMAL, URGENT, Bid
from massgen_plugins.rate_limit.scope_state import Blocker, Decision, Reason
from massgen_plugins.rate_limit.stores.base import ScopeUnknown, Store, StoreBusy

__all__ = ["Limiter", "Wait"]

_BUSY = 0.003

_URGENT_PATIENCE = 65 * NANOSECONDS
"""An event loop stands still while an urgent call waits: a minute's window comes round, then it gives up."""


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
        self._books = Bookkeeper(store)
        self._lanes: dict[tuple[Scope, int], Lane] = {}
        self._troubled: set[Scope] = set()
        self._crowd = Crowd()
        self._process = (0, "")

    def configure(self, scope: Scope, rules: ScopeRules) -> None:
        """Let these rules hold in a scope from now on; waiting calls are asked again.

        Raises:
            StoreBusy: Nothing happened; see :meth:`prepare`.
        """
        if self._books.configure(scope, rules):
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
    ) -> Hold:
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
        if scope not in self._crowd:
            hold = self._books.take(scope, amounts)
            if hold is not None:
                return hold
        return await self._line_up(scope, amounts, urgent=urgent, since=since, who=who)

    def written(self, hold: Hold) -> None:
        """The call is being written now: its margin counts from here, if it took long to get here."""
        now = self.store.tick()
        if now > hold.begun:
            hold.begun = now
            self._tell(hold)

    def arrived(self, hold: Hold) -> None:
        """The answer's headers are here, so the server has counted the call."""
        hold.arrived = self.store.tick()
        hold.landed = True
        self._books.note(hold)  # it matters one window later, and travels with the next transaction

    def lost(self, hold: Hold) -> None:
        """There will be no news of the call; it stays spent."""
        hold.landed = True
        self._books.note(hold)

    def settle(self, hold: Hold, actual: Amounts) -> None:
        """Replace estimates by what the provider counted; the last word is the true one."""
        if hold.settle(actual):
            self._tell(hold)

    def release(self, hold: Hold) -> None:
        """The call was never sent: it took nothing."""
        hold.release()
        self._tell(hold)

    def refused(self, hold: Hold, refusal: Refusal) -> bool:
        """Learn from a refusal, for everybody; True if a limit was lowered by it."""
        scope = hold.scope
        lowered = self._books.insist(scope, lambda: self.store.refused(scope, refusal, hold.begun))
        self._troubled.add(scope)
        self._nudge(scope)
        return bool(lowered)

    def succeeded(self, hold: Hold) -> None:
        """Learn from an answer, if its scope is in trouble and so wants to hear of it."""
        scope = hold.scope
        if scope in self._troubled:
            self._books.insist(scope, lambda: self.store.succeeded(scope, hold.begun))
            self._nudge(scope)

    def flush(self) -> None:
        """Bring the store up to date with everything that could wait."""
        self._books.flush()

    async def _line_up(
        self, scope: Scope, amounts: Amounts, *, urgent: bool, since: int | None, who: object
    ) -> Hold:
        arrival = self.store.tick() if since is None else since
        bid = Bid(URGENT if urgent else NORMAL, arrival, amounts)
        loop = asyncio.get_running_loop()
        lane = self._lanes.get((scope, id(loop)))
        blocker = None
        if lane is None or not lane.waiters or bid.place < lane.waiters[0].bid.place:
            try:
                decision = self._admit(scope, loop, [bid])
            except StoreBusy:
                pass
            else:
                if decision.holds:
                    return decision.holds[0]
                blocker = decision.blocker
        patience = self._books.rules(scope).max_wait
        waiter = Waiter(bid, arrival + (min(patience, _URGENT_PATIENCE) if urgent else patience))
        refusal = self._refusal(scope, waiter, blocker) if blocker else None
        if refusal is not None:
            raise refusal
        return await self._wait(scope, loop, waiter, blocker, who)

    async def _wait(
        self,
        scope: Scope,
        loop: asyncio.AbstractEventLoop,
        waiter: Waiter,
        blocker: Blocker | None,
        who: object,
    ) -> Hold:
        lane = self._lane(scope, loop)
        lane.join(waiter, blocker)
        self._crowd.join(scope)
        try:
            self._announce(scope, lane, waiter, blocker, who)
            return await waiter.future
        except BaseException:
            lane.drop(waiter)
            if waiter.future.done() and not waiter.future.cancelled() and waiter.future.exception() is None:
                self.release(waiter.future.result())
            raise
        finally:
            self._crowd.leave(scope)
            if not lane.waiters:
                self._lanes.pop((scope, id(loop)), None)

    def _announce(
        self, scope: Scope, lane: Lane, waiter: Waiter, blocker: Blocker | None, who: object
    ) -> None:
        ahead = lane.ahead_of(waiter)
        try:
            when = self.store.forecast(scope, self._lane_name(lane.loop), ahead, waiter.bid.amounts)
        except (StoreBusy, ScopeUnknown):
            return
        if blocker and blocker.final:  # the next day is waited for
            when = blocker.wake
        seconds = max(0.0, (when - self.store.tick()) / NANOSECONDS)
        if when > waiter.deadline and not (blocker and blocker.final):
            raise CallRefused(messages.patience_message(scope, seconds, waiter.patience / NANOSECONDS))
        if self._on_wait is not None:
            text = messages.describe_wait(scope, blocker, seconds, len(ahead))
            self._on_wait(Wait(scope, seconds, len(ahead), blocker, text), who)

    def _refusal(self, scope: Scope, waiter: Waiter, blocker: Blocker | None) -> Exception | None:
        # A loop that stands still meanwhile cannot wait for a day.
        wait_for_day = self._books.rules(scope).wait_for_day and waiter.bid.priority > URGENT
        if blocker is None:  # its deadline has come
            if wait_for_day:
                return None
            waited = (self.store.tick() - waiter.bid.arrival) / NANOSECONDS
            return CallRefused(messages.patience_message(scope, waited, waiter.patience / NANOSECONDS))
        if blocker.reason is Reason.DAY and not wait_for_day:
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
        decision = self._books.admit(scope, self._lane_name(loop), bids)
        (self._troubled.add if decision.troubled else self._troubled.discard)(scope)
        return decision

    def _ask(self, scope: Scope, loop: asyncio.AbstractEventLoop, bids: list[Bid]) -> Decision:
        if self._on_ask is not None:
            self._on_ask(scope)
        return self._admit(scope, loop, bids)

    def _leave(self, scope: Scope, loop: asyncio.AbstractEventLoop) -> None:
        self._books.insist(scope, lambda: self.store.leave(scope, self._lane_name(loop)))

    def _lane_name(self, loop: asyncio.AbstractEventLoop) -> str:
        if self._process[0] != os.getpid():  # also right in a forked child
            self._process = (os.getpid(), secrets.token_hex(4))
        return f"{self._process[1]}.{id(loop):x}"

    def _tell(self, hold: Hold) -> None:
        """Bring urgent news to the store, and to those who wait for what it sets free."""
        self._books.tell(hold)
        if hold.scope in self._crowd:
            self._nudge(hold.scope)

    def _nudge(self, scope: Scope) -> None:
        for (where, _), lane in list(self._lanes.items()):
            if where == scope and lane.waiters:
                lane.nudge()
