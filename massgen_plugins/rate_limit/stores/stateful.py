"""The operations of a store, for every store that can hand its state to the pure functions."""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext

from massgen_plugins.middleware import Refusal
from massgen_plugins.quota import Amounts, Scope, ScopeRules
from massgen_plugins.rate_limit import wall_clock
from massgen_plugins.rate_limit.decision import Decision
from massgen_plugins.rate_limit.hold import Change, Hold, News
from massgen_plugins.rate_limit.ledger import Moment
from massgen_plugins.rate_limit.line import Bid
from massgen_plugins.rate_limit.scope_state import ScopeState
from massgen_plugins.rate_limit.stores.base import ScopeView, Taker

__all__ = ["StatefulStore", "undone_on_failure", "view_of"]


class StatefulStore(ABC):
    """A store that lends the state of one scope for the length of a transaction.

    Args:
        wall: Nanoseconds since the epoch.
    """

    shared = False

    def __init__(self, wall: Callable[[], int]) -> None:
        self.on_room: Callable[[Scope | None], None] | None = None
        self._wall = wall
        self._start = wall_clock.Start(-1, 0, 0)

    @abstractmethod
    def tick(self) -> int:
        """The store's clock in nanoseconds."""

    def patiently(self) -> AbstractContextManager[None]:
        """Nobody else can be in the way for long."""
        return nullcontext()

    @property
    def wants_upkeep(self) -> bool:
        """Nothing piles up."""
        return False

    def upkeep(self) -> None:  # noqa: B027 - a store may, but need not, have something to do
        """Nothing piles up."""

    def _steady(self, tick: int) -> int:
        """A tick on a clock that also counts suspends."""
        return tick

    @abstractmethod
    def _transaction(
        self, scope: Scope, rules: ScopeRules | None = None, *, changing: bool = True
    ) -> AbstractContextManager[ScopeState]:
        """Lend the state of a scope, alone, and keep what it is afterwards if it is for ``changing``.

        A scope that does not exist is made with ``rules``; without them ``ScopeUnknown`` is raised.
        """

    @abstractmethod
    def _scopes(self) -> list[Scope]:
        """All scopes that there are."""

    def configure(self, scope: Scope, rules: ScopeRules) -> None:
        """Let these rules hold in a scope, for everybody; makes the scope if there is none."""
        with self._transaction(scope, rules) as state:
            state.configure(rules)

    @abstractmethod
    def take(self, scope: Scope, amounts: Amounts, news: Sequence[Hold] = ()) -> Hold | None:
        """Rebook ``news``, then grant a call if nobody waits and all is well; None: ask :meth:`admit`."""

    def taker(self, scope: Scope, news: News) -> Taker:
        """What does :meth:`take` for this scope alone."""
        return lambda amounts: self.take(scope, amounts, news.taken())

    def admit(self, scope: Scope, lane: str, bids: Sequence[Bid], news: Sequence[Hold] = ()) -> Decision:
        """Rebook ``news``, then grant the lane's bids from the first on until one cannot leave now."""
        with undone_on_failure(news), self._transaction(scope) as state:
            self._rebook(state, self._now(state), news)
            return state.admit(self._now(state), lane, bids)

    def leave(self, scope: Scope, lane: str) -> None:
        """The lane waits no more."""
        with self._transaction(scope) as state:
            state.line.leave(lane)

    def rebook(self, scope: Scope, news: Sequence[Hold]) -> None:
        """Take note of what is true of these calls by now."""
        with undone_on_failure(news), self._transaction(scope) as state:
            self._rebook(state, self._now(state), news)

    def refused(self, scope: Scope, refusal: Refusal, begun: int) -> bool:
        """Learn from the refusal of a call that left at tick ``begun``; True if a limit was lowered by it."""
        with self._transaction(scope) as state:
            return state.refused(self._now(state), refusal, begun, random.random())  # noqa: S311 - jitter

    def succeeded(self, scope: Scope, begun: int) -> None:
        """Learn from the answer to a call that left at tick ``begun``."""
        with self._transaction(scope) as state:
            state.succeeded(self._now(state), begun)

    def hear(self, scope: Scope, date: int, asked: int) -> None:
        """Learn what time it is where the scope's days begin; it counts from now on."""
        with self._transaction(scope) as state:
            tick, known = self.tick(), state.heard
            if known is not None and known.when <= self._start.machine:
                known = None
            state.heard = wall_clock.hear(known, date, tick - asked, self._steady(tick))
            state.advance(self._moment(state, tick))

    def forecast(self, scope: Scope, lane: str, ahead: Amounts, own: Amounts) -> int:
        """The tick at which ``own`` can leave after ``ahead`` of its lane; an estimate from below."""
        with self._transaction(scope, changing=False) as state:
            return state.forecast(self._now(state), lane, ahead, own)

    def view(self) -> list[ScopeView]:
        """All scopes, for people to look at."""
        views = []
        for scope in self._scopes():
            with self._transaction(scope, changing=False) as state:
                views.append(view_of(scope, state, self._now(state)))
        return views

    def unlearn(self, scope: Scope) -> None:
        """Forget what refusals and answers have taught about a scope; what was spent stays spent."""
        with self._transaction(scope) as state:
            state.unlearn()

    def _taken_late(self, state: ScopeState, tick: int, amounts: Amounts, news: News) -> Hold | None:
        """What can be taken once the state is up to date."""
        if not news and not state.ledger.stale(tick):
            return None
        now = self._moment(state, tick)
        self._rebook(state, now, news.taken())
        state.advance(now)
        return state.take(tick, amounts)

    @staticmethod
    def _rebook(state: ScopeState, now: Moment, news: Sequence[Hold]) -> list[Change]:
        """Take note of news; what was written late counts on the day that it is now."""
        for hold in news:
            if hold.begun != hold.booked[0]:
                state.advance(now)
                break
        return state.rebook(news)

    def _now(self, state: ScopeState) -> Moment:
        return self._moment(state, self.tick())

    def _moment(self, state: ScopeState, tick: int) -> Moment:
        return wall_clock.moment(state.heard, tick, self._steady(tick), self._start, self._wall)


def view_of(scope: Scope, state: ScopeState, now: Moment) -> ScopeView:
    """A scope's state for people to look at."""
    waiting = sum(claim.waiting for claim in state.line.living(now.tick))
    in_flight = state.ledger.aloft + state.flights.count(now.tick)
    return ScopeView(scope, state.rules, state.usage(now), waiting, in_flight, state.lessons, now.tick)


@contextmanager
def undone_on_failure(news: Sequence[Hold]) -> Iterator[None]:
    """What a transaction did not keep was not booked either."""
    before = [hold.remember() for hold in news]
    try:
        yield
    except BaseException:
        for hold, remembered in zip(news, before, strict=True):
            hold.restore(remembered)
        raise
