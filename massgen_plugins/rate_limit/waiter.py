"""A waiting call, how long it may wait, and what it and the user are told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from massgen_plugins.errors import CallRefused
from massgen_plugins.quota import NANOSECONDS, Domain, Pool, PoolRules
from massgen_plugins.rate_limit import messages
from massgen_plugins.rate_limit.moment import NEVER, Moment
from massgen_plugins.rate_limit.reservation import URGENT, Ask, Reservation
from massgen_plugins.rate_limit.verdict import Blocker, Reason, Refused, Wait

__all__ = ["WaitInfo", "WaitPolicy", "Waiter", "running_loop"]

_URGENT_PATIENCE = 65 * NANOSECONDS
"""An urgent call blocks its event loop: it outlasts a minute's window, then gives up."""

_DEFAULT = PoolRules(())


class Waiter:
    """A call in the queue. Created in the event loop that waits for it.

    Attributes:
        ask: What it asks for.
        patience: Nanoseconds that it may wait in all; ``NEVER`` until its first verdict.
        forecast: Tick at which it will leave, as last reported; None if nothing was reported.
        stale: Whether the forecast is outdated: a waiter ahead gave up.
        loop: Its event loop.
        future: Gets its reservation, or the error that ends the wait.
    """

    patience = NEVER
    forecast: int | None = None
    stale = False
    _paused_at: int | None = None

    def __init__(self, ask: Ask) -> None:
        self.ask = ask
        self.loop = asyncio.get_running_loop()
        self.future: asyncio.Future[Reservation] = self.loop.create_future()

    @property
    def deadline(self) -> int:
        """Tick after which it is refused; ``NEVER`` during a pause."""
        if self._paused_at is not None:
            return NEVER
        return self.ask.arrival + self.patience + self.ask.paused

    @property
    def unreported(self) -> bool:
        """Whether its forecast has yet to be reported."""
        return self.forecast is None or self.stale

    def set_paused(self, tick: int, *, paused: bool) -> bool:
        """Record whether the user has paused its pools; True, and to be reported again, if that changed."""
        if paused is (self._paused_at is not None):
            return False
        self.forecast = None
        if self._paused_at is not None:
            self.ask.paused += tick - self._paused_at
        self._paused_at = tick if paused else None
        return True

    def abandon(self) -> None:
        """Release a reservation that arrived after the caller stopped waiting."""
        future = self.future
        if future.done() and not future.cancelled() and future.exception() is None:
            future.result().release()

    def resolve(self, value: Reservation | Exception) -> None:
        """End the wait; from any thread."""
        if running_loop() is not self.loop:
            try:
                self.loop.call_soon_threadsafe(self.resolve, value)
            except RuntimeError:  # its loop has closed
                _release(value)
        elif self.future.done():  # cancelled meanwhile
            _release(value)
        elif isinstance(value, Reservation):
            self.future.set_result(value)
        else:
            self.future.set_exception(value)


@dataclass(frozen=True, slots=True)
class WaitInfo:
    """A wait that has begun or whose forecast has changed.

    Attributes:
        pool: The pool that blocks.
        seconds: Remaining time; a lower bound.
        place: How many calls of this process are ahead.
        blocker: What is waited for.
        message: The same in one sentence.
        call: ``Ask.call`` of the waiting call.
        again: Whether this wait was reported before, with another forecast.
    """

    pool: Pool
    seconds: float
    place: int
    blocker: Blocker
    message: str
    call: object
    again: bool = False


class WaitPolicy:
    """The rules of one domain's pools, as far as they concern waiting.

    Args:
        domain: The domain.
        rules_of: The current rules of a pool, or None.
        on_wait: Called with every wait; must not raise.
    """

    def __init__(
        self,
        domain: Domain,
        rules_of: Callable[[Pool], PoolRules | None],
        on_wait: Callable[[WaitInfo], None] | None,
    ) -> None:
        self._domain = domain
        self._rules_of = rules_of
        self._on_wait = on_wait
        self._pools: dict[str, Pool] = {}

    def rules_of(self, pool: str) -> PoolRules | None:
        """The current rules of a pool."""
        return self._rules_of(self._pools.get(pool) or self._pools.setdefault(pool, Pool(self._domain, pool)))

    def patience_for(self, ask: Ask) -> int:
        """Nanoseconds that a call may wait in all."""
        patience = (self.rules_of(ask.pools[0]) or _DEFAULT).max_wait
        return min(patience, _URGENT_PATIENCE) if ask.priority == URGENT else patience

    def report(self, waiter: Waiter, verdict: Wait, place: int, now: Moment) -> None:
        """Report a wait that has begun, or whose forecast has changed; ``place`` calls are ahead."""
        if self._on_wait is not None:
            pool = Pool(self._domain, verdict.blocker.pool)
            seconds = max(0, verdict.forecast - now.tick) / NANOSECONDS
            text = messages.describe_wait(pool, verdict.blocker, seconds, place)
            again = waiter.forecast is not None
            call = waiter.ask.call
            self._on_wait(WaitInfo(pool, seconds, place, verdict.blocker, text, call, again))

    def refusal(self, waiter: Waiter, verdict: Wait | Refused, now: Moment) -> CallRefused | None:
        """The error that ends a wait; None to keep waiting."""
        blocker = verdict.blocker
        pool = Pool(self._domain, blocker.pool)
        if isinstance(verdict, Refused) and blocker.reason is Reason.UNTIL:
            text = messages.until_message(pool, blocker, now.wall / NANOSECONDS)
            return CallRefused(text, resets_at=blocker.resets / NANOSECONDS)
        if isinstance(verdict, Refused):
            return CallRefused(messages.closed_message(pool, blocker.advice, blocker.quote))
        if verdict.forecast > waiter.deadline and not (blocker.final or blocker.reason is Reason.PAUSED):
            seconds = (verdict.forecast - waiter.ask.arrival - waiter.ask.paused) / NANOSECONDS
            resets = (now.wall + verdict.forecast - now.tick) / NANOSECONDS
            allowed = waiter.patience / NANOSECONDS
            text = messages.patience_message(pool, seconds, allowed, blocker.quote)
            return CallRefused(text, resets_at=resets)
        return None


def running_loop() -> asyncio.AbstractEventLoop | None:
    """The event loop running in this thread, if any."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def _release(value: Reservation | Exception) -> None:
    if isinstance(value, Reservation):
        value.release()
