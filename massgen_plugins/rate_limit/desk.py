"""What this process knows of one scope: its rules, who waits for it, what the store has yet to hear."""

from __future__ import annotations

import asyncio
import os
import secrets
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from massgen_plugins.errors import CallRefused
from massgen_plugins.quota import NANOSECONDS, Amounts, Scope, ScopeRules, Sliding
from massgen_plugins.rate_limit import messages
from massgen_plugins.rate_limit.decision import Blocker, Decision, Reason
from massgen_plugins.rate_limit.hold import Hold, News
from massgen_plugins.rate_limit.lane import POLL, Lane, Waiter
from massgen_plugins.rate_limit.line import URGENT, Bid
from massgen_plugins.rate_limit.stores.base import ScopeUnknown, Store, Taker

__all__ = ["Desk", "Wait"]

_NEVER = 1 << 62


@dataclass(frozen=True, slots=True)
class Wait:
    """A wait that has begun, for those who want to show it.

    Attributes:
        scope: Where.
        seconds: How long it will take, estimated from below.
        place: How many calls of this event loop go before it.
        blocker: What is waited for.
        message: The same in one sentence.
    """

    scope: Scope
    seconds: float
    place: int
    blocker: Blocker
    message: str


class Desk:
    """Serves one scope; used by all threads and event loops.

    Args:
        scope: Which.
        store: Where it lives.
        on_wait: Told of every wait that begins; must not raise.
        rules_of: What holds in the scope now, if that can change while calls wait.
    """

    def __init__(
        self,
        scope: Scope,
        store: Store,
        on_wait: Callable[[Wait, object], None] | None,
        rules_of: Callable[[Scope], ScopeRules] | None,
    ) -> None:
        self.scope = scope
        self.rules: ScopeRules | None = None
        self.take: Taker = _nothing
        """Lets a call leave without lining up, if nobody waits here and the store knows the rules."""
        self.waiting = 0
        """How many wait here."""
        self.expected = _NEVER
        """The tick at which calls of this process make room of which the store has not heard yet."""
        self.troubled = False
        """Whether the store wants to hear of successes."""
        self.deaf_until = 0
        """Tick until which nobody need say what time it is."""
        self._store = store
        self._on_wait = on_wait
        self._rules_of = rules_of
        self._taker: Taker = _nothing
        self._batch = store.batch
        self._told: ScopeRules | None = None  # the rules that the store knows
        self._lock = threading.Lock()
        self._shortest = _NEVER  # of the windows, in nanoseconds
        self._lanes: dict[int, Lane] = {}
        self.news = News()
        """What the store hears with the next question, or by itself."""

    def configure(self, rules: ScopeRules) -> None:
        """Let these rules hold from now on; waiting calls are asked again."""
        if rules is self.rules or rules == self.rules:
            return
        self.rules = rules
        self.take = _nothing
        spans = (limit.window.length for limit in rules.limits if isinstance(limit.window, Sliding))
        self._shortest = min(spans, default=_NEVER)
        self.nudge()

    def note(self, hold: Hold) -> None:
        """There is news of a call: the store hears it with the question of those who wait, or by itself."""
        self.news[hold] = None
        if self.waiting:
            self.nudge()
        elif len(self.news) >= self._batch:
            self._store.post(self.scope, self.news)

    def tell_all(self) -> None:
        """Bring the store what is new, however little it is."""
        self._store.post(self.scope, self.news)

    def expect(self, hold: Hold) -> None:
        """A call was answered while others wait: one window later it makes room, so that is when to ask."""
        self.expected = min(self.expected, hold.arrived + self._shortest)

    @property
    def nap(self) -> float:
        """Seconds for which a lane may sleep without looking around."""
        return min(POLL, self._shortest / NANOSECONDS)

    def nudge(self) -> None:
        """There may be room: ask again for everybody who waits."""
        for lane in list(self._lanes.values()):
            lane.nudge()

    async def line_up(self, bid: Bid, patience: int, who: object) -> Hold:
        """Wait at the place that the bid's ticket gives; see :meth:`Limiter.acquire`."""
        loop = asyncio.get_running_loop()
        waiter = Waiter(bid, bid.arrival + patience, who, loop.create_future())
        with self._lock:
            self.waiting += 1
            self.take = _nothing
        lane = self._lane(loop)
        lane.join(waiter)
        try:
            if lane.blocker is not None and lane.waiters[0] is not waiter:
                await self.tell(lane, waiter, lane.ahead_of(waiter), lane.blocker)
            return await waiter.future
        except BaseException:
            lane.drop(waiter)
            if waiter.future.done() and not waiter.future.cancelled() and waiter.future.exception() is None:
                self.give_back(waiter.future.result())
            raise
        finally:
            with self._lock:
                self.waiting -= 1
                self.take = _nothing if self.waiting or self._told is not self.rules else self._taker

    def tick(self) -> int:
        """The store's clock."""
        return self._store.tick()

    def look(self) -> None:
        """See whether other rules hold by now."""
        if self._rules_of is not None:
            self.configure(self._rules_of(self.scope))

    async def admit(self, lane: str, bids: Sequence[Bid]) -> Decision:
        """Tell the store the news, and ask it for these bids."""
        self.look()
        if self._told is not self.rules:
            await self._tell_rules()
        self.expected = _NEVER  # what is answered from now on is not among the news
        news = self.news.taken()
        try:
            try:
                decision = await self._store.admit(self.scope, lane, bids, news)
            except ScopeUnknown:  # forgotten by hand, or with a file that was set aside
                await self._tell_rules()
                decision = await self._store.admit(self.scope, lane, bids, news)
        except BaseException:
            self.news.put_back(news)
            raise
        self.troubled = decision.troubled
        for hold in decision.holds:
            hold.desk = self
        if news:  # which may let those leave earlier who wait in other loops
            for other in list(self._lanes.values()):
                if other.name != lane:
                    other.nudge()
        return decision

    async def tell(self, lane: Lane, waiter: Waiter, ahead: Amounts, blocker: Blocker) -> None:
        """Say how long a waiter will wait after ``ahead``; raises ``CallRefused`` if that is too long."""
        waiter.told = True
        if self._on_wait is None and self._is_surely_soon(waiter, ahead):
            return
        when = blocker.wake
        if not blocker.final:  # otherwise the next day is waited for
            try:
                when = await self._store.forecast(self.scope, lane.name, ahead, waiter.bid.amounts)
            except ScopeUnknown:
                return
        seconds = max(0.0, (when - self.tick()) / NANOSECONDS)
        if when > waiter.deadline and not blocker.final:
            raise CallRefused(messages.patience_message(self.scope, seconds, waiter.patience / NANOSECONDS))
        if self._on_wait is not None:
            text = messages.describe_wait(self.scope, blocker, seconds, waiter.place)
            self._on_wait(Wait(self.scope, seconds, waiter.place, blocker, text), waiter.who)

    def _is_surely_soon(self, waiter: Waiter, ahead: Amounts) -> bool:
        """Whether a waiter's patience lasts, as far as the rules alone can tell; spares a forecast."""
        for limit in self.rules.limits if self.rules else ():
            wanted = ahead.get(limit.kind, 0) + waiter.bid.amounts.get(limit.kind, 0)
            if isinstance(limit.window, Sliding):
                windows = wanted // max(1, limit.amount) + 2
                if windows * limit.window.length > waiter.patience:
                    return False
        return True

    def refusal(self, waiter: Waiter, blocker: Blocker | None) -> Exception | None:
        """Why a waiter need not wait any longer; None if it should wait on."""
        # A loop that stands still meanwhile cannot wait for a day.
        wait_for_day = self.rules is not None and self.rules.wait_for_day and waiter.bid.priority > URGENT
        if blocker is None:  # its deadline has come
            if wait_for_day:
                return None
            waited = (self.tick() - waiter.bid.arrival) / NANOSECONDS
            return CallRefused(messages.patience_message(self.scope, waited, waiter.patience / NANOSECONDS))
        if blocker.reason is Reason.DAY and not wait_for_day:
            now = blocker.resets - (blocker.wake - self.tick())  # by the provider's clock
            text = messages.day_message(self.scope, blocker, now / NANOSECONDS)
            return CallRefused(text, resets_at=blocker.resets / NANOSECONDS)
        if blocker.reason is Reason.CLOSED:
            return CallRefused(messages.closed_message(self.scope, blocker.advice))
        return None

    def give_back(self, hold: Hold) -> None:
        """The call was never sent: it took nothing."""
        hold.release()
        self.note(hold)

    def left(self, lane: Lane) -> None:
        """Nobody waits in this lane any more."""
        if self._lanes.get(id(lane.loop)) is lane:
            del self._lanes[id(lane.loop)]
        if lane.blocker is not None:  # otherwise the store granted all that was asked for
            self._store.leave(self.scope, lane.name)

    def _lane(self, loop: asyncio.AbstractEventLoop) -> Lane:
        lane = self._lanes.get(id(loop))
        if lane is None or lane.loop is not loop:
            lane = self._lanes[id(loop)] = Lane(f"{_process()}.{id(loop):x}", loop, self)
        return lane

    async def _tell_rules(self) -> None:
        rules = self.rules
        assert rules is not None  # noqa: S101 - a limiter serves configured scopes only
        await self._store.configure(self.scope, rules)
        self._told, self._taker = rules, self._store.taker(self.scope, self.news)


def _nothing(_: Amounts) -> None:
    """Whoever comes has to line up."""


_named = (0, "")


def _process() -> str:
    """Names this process, also in a forked child."""
    global _named  # noqa: PLW0603 - the name has to last as long as the process
    if _named[0] != os.getpid():
        _named = os.getpid(), secrets.token_hex(4)
    return _named[1]
