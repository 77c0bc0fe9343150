"""From the wish to make a call to the hold that lets it leave, and to what became of it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from massgen_plugins.middleware import Refusal
from massgen_plugins.quota import MINUTE, NANOSECONDS, Amounts, Scope, ScopeRules
from massgen_plugins.rate_limit.desk import Desk, Wait
from massgen_plugins.rate_limit.hold import Hold
from massgen_plugins.rate_limit.ledger import WRITE_GRACE
from massgen_plugins.rate_limit.line import NORMAL, URGENT, Bid
from massgen_plugins.rate_limit.stores.awaited import awaited
from massgen_plugins.rate_limit.stores.base import LocalStore, ScopeUnknown, Store
from massgen_plugins.rate_limit.wall_clock import read_date

__all__ = ["Limiter", "Wait"]

_URGENT_PATIENCE = 65 * NANOSECONDS
"""An event loop stands still while an urgent call waits: a minute's window comes round, then it gives up."""


class Limiter:
    """Admits calls into scopes, first come, first served, across event loops and threads.

    Args:
        store: Where the scopes live.
        on_wait: Told of every wait that begins, and for whom; must not raise.
        rules_of: What holds in a scope now; asked before waiting calls are, so that limits can change while
            they wait. Without it, :meth:`configure` alone says what holds.
    """

    def __init__(
        self,
        store: Store | LocalStore,
        on_wait: Callable[[Wait, object], None] | None = None,
        rules_of: Callable[[Scope], ScopeRules] | None = None,
    ) -> None:
        self.store: Store = awaited(store)
        self._tick = store.tick
        self._on_wait = on_wait
        self._rules_of = rules_of
        self._desks: dict[Scope, Desk] = {}
        self.store.on_room = self._nudge

    def configure(self, scope: Scope, rules: ScopeRules) -> None:
        """Let these rules hold in a scope from now on; waiting calls are asked again."""
        desk = self._desks.get(scope)
        if desk is None:
            desk = self._desks.setdefault(scope, Desk(scope, self.store, self._on_wait, self._rules_of))
        desk.configure(rules)

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
        desk = self._desks[scope]
        hold = desk.take(amounts)
        if hold is not None:
            hold.desk = desk
            return hold
        arrival = self._tick() if since is None else since
        patience = desk.rules.max_wait if desk.rules else 0
        if urgent:
            bid = Bid(URGENT, arrival, amounts)
            return await desk.line_up(bid, min(patience, _URGENT_PATIENCE), who)
        return await desk.line_up(Bid(NORMAL, arrival, amounts), patience, who)

    def written(self, hold: Hold) -> None:
        """The call is being written now: its margin counts from here, if it took long to get here."""
        now = self._tick()
        if now > hold.begun:
            hold.begun = now
            hold.desk.note(hold)

    def arrived(self, hold: Hold) -> None:
        """The answer's headers are here, so the server has counted the call."""
        hold.arrived = self._tick()
        desk: Desk = hold.desk
        desk.news[hold] = None  # it matters one window later, and travels with the next question
        if desk.waiting:
            desk.expect(hold)

    async def heard(self, hold: Hold, date: str) -> None:
        """The answer that has just arrived says what time it is (its ``Date``); one a minute is enough."""
        desk: Desk = hold.desk
        if hold.arrived < desk.deaf_until:
            return
        desk.deaf_until = hold.arrived + MINUTE.length
        told = read_date(date)
        if told is not None:
            with suppress(ScopeUnknown):
                await self.store.hear(desk.scope, told, hold.begun - WRITE_GRACE)
                desk.nudge()

    def lost(self, hold: Hold) -> None:
        """There will be no news of the call; it stays spent."""
        hold.end()
        hold.desk.news[hold] = None

    def settle(self, hold: Hold, actual: Amounts) -> None:
        """Replace estimates by what the provider counted; the last word is the true one."""
        if hold.settle(actual):
            hold.desk.note(hold)

    def release(self, hold: Hold) -> None:
        """The call was never sent: it took nothing."""
        hold.release()
        hold.desk.note(hold)

    async def refused(self, hold: Hold, refusal: Refusal) -> bool:
        """Learn from a refusal, for everybody; True if a limit was lowered by it."""
        desk: Desk = hold.desk
        desk.troubled = True
        lowered = await self.store.refused(desk.scope, refusal, hold.begun)
        desk.nudge()
        return lowered

    async def succeeded(self, hold: Hold) -> None:
        """Learn from an answer, if its scope is in trouble and so wants to hear of it."""
        desk: Desk = hold.desk
        if desk.troubled:
            await self.store.succeeded(desk.scope, hold.begun)
            desk.nudge()

    def flush(self) -> None:
        """Bring the store up to date with everything that could wait."""
        for desk in list(self._desks.values()):
            desk.tell_all()
        self.store.flush()

    def _nudge(self, scope: Scope | None) -> None:
        """Another process has set something free: in a scope, or who knows in which."""
        for desk in list(self._desks.values()):
            if scope is None or desk.scope == scope:
                desk.nudge()
