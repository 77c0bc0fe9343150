"""The limiter as middleware: built-in plugin number one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from weakref import WeakKeyDictionary

from massgen_plugins.errors import CallRefused
from massgen_plugins.events import CallGivenUp, Event, LimitLearned, PenaltyStarted, ProviderRefused, Trouble
from massgen_plugins.middleware import Action, CallOutcome, Middleware, ModelCall, Refusal, RefusalKind, Usage
from massgen_plugins.quota import ACCOUNT_POOL, Charge, Domain, Kind, Limit, Mode, Pool
from massgen_plugins.rate_limit import messages
from massgen_plugins.rate_limit.limiter import DomainLimiter
from massgen_plugins.rate_limit.reservation import NORMAL, UNKNOWN, URGENT, Ask, Reservation

__all__ = ["RateLimitMiddleware"]

_SERVER_ERRORS_START = 400
_ONE_PLACE = Charge(1, Mode.KEPT)


@dataclass(eq=False, slots=True)
class _Attempts:
    """One call, over all its attempts."""

    limiter: DomainLimiter
    arrival: int = UNKNOWN
    charges: dict[str, Charge] = field(default_factory=dict)
    pools: tuple[str, ...] = ()
    reservation: Reservation | None = None
    refusals: int = 0


class RateLimitMiddleware(Middleware):
    """Admits every call into its pools, and learns from every answer.

    Args:
        limiter_of: The limiter of a domain.
        spare_of: One in memory, for a domain whose limiter failed: limiting goes on in this process.
        emit: Told of what happens.
    """

    def __init__(
        self,
        limiter_of: Callable[[Domain], DomainLimiter],
        spare_of: Callable[[Domain], DomainLimiter],
        emit: Callable[[Event], None] = lambda _: None,
    ) -> None:
        self._limiter_of = limiter_of
        self._spare_of = spare_of
        self._emit = emit
        # Weak: when the wire lets go of a call, nothing more will be known of it.
        self._known: WeakKeyDictionary[ModelCall, _Attempts] = WeakKeyDictionary()
        self._failed: set[Domain] = set()
        self._named: dict[tuple[Domain, str], tuple[str, ...]] = {}  # pools that refusals have named

    async def before_call(self, call: ModelCall) -> None:
        """Wait until the call fits into every limit of its pools."""
        attempts = self._known.get(call) or self._begin(call)
        try:
            ask = _ask(call, attempts)
            attempts.reservation = await attempts.limiter.acquire(ask)
            attempts.arrival = ask.arrival
        except CallRefused:
            self._known.pop(call, None)
            raise
        except Exception as fault:  # whatever fails at the limiter, calls stay limited
            await self._go_on_in_memory(call, attempts, fault)
        except BaseException:  # its caller was cancelled
            self._emit(CallGivenUp(call.pool, call.agent_id, call.run, call.number))
            raise

    def on_written(self, call: ModelCall) -> None:
        """The margin counts from now, if the call had to wait for a connection."""
        reservation = self._reservation(call)
        if reservation is not None:
            reservation.written()

    async def after_call(self, call: ModelCall, outcome: CallOutcome) -> Action:
        """Stamp the call, and learn: from a refusal what to change, from an answer that all is well."""
        attempts = self._known.get(call)
        reservation = attempts.reservation if attempts is not None else None
        if attempts is None or reservation is None:
            return Action.PASS
        try:
            return await self._learn(call, attempts, reservation, outcome)
        finally:  # not before: whoever waits for this first call is to know of its refusal
            attempts.limiter.ended(reservation.ask, answered=outcome.status > 0)

    async def _learn(
        self, call: ModelCall, attempts: _Attempts, reservation: Reservation, outcome: CallOutcome
    ) -> Action:
        limiter = attempts.limiter
        if not outcome.sent:
            reservation.release()
            return Action.PASS
        if outcome.status:
            reservation.answered()
            if "date" in outcome.headers:
                limiter.dated(reservation, outcome.headers["date"])
            limiter.announced(reservation, outcome.announced)
        if outcome.refusal is not None:
            return await self._refused(call, attempts, reservation, outcome.refusal)
        if 0 < outcome.status < _SERVER_ERRORS_START:
            limiter.succeeded(reservation)
        return Action.PASS

    def on_usage(self, call: ModelCall, usage: Usage) -> None:
        """Give back what was estimated too high."""
        attempts = self._known.get(call)
        if attempts is not None and attempts.reservation is not None:
            attempts.reservation.settle(usage.amounts)
            attempts.limiter.used(call.model, attempts.charges, usage.amounts)

    def on_late_refusal(self, call: ModelCall, refusal: Refusal) -> None:
        """Learn from a refusal in the middle of an answer."""
        attempts = self._known.get(call)
        if attempts is not None and attempts.reservation is not None:
            attempts.limiter.refused_late(attempts.reservation, refusal)
            self._emit(_refused_event(call, refusal))

    def on_finished(self, call: ModelCall) -> None:
        """What the call held until it is over is free."""
        attempts = self._known.get(call)
        if attempts is not None and attempts.reservation is not None:
            attempts.reservation.finished()
            attempts.reservation = None  # it knows the call, which could never be forgotten

    async def _refused(
        self, call: ModelCall, attempts: _Attempts, reservation: Reservation, refusal: Refusal
    ) -> Action:
        # A refused request may count as one, but its tokens were never taken.
        reservation.settle_all({kind: 0 for kind in attempts.charges if kind != Kind.REQUESTS})
        refusal = self._with_places(attempts, refusal)
        lowered = await attempts.limiter.refused(reservation, refusal)
        pool = _pool_of(call, refusal)
        self._emit(_refused_event(call, refusal))
        if lowered:
            self._emit(LimitLearned(pool, messages.learned_message(pool, refusal), _stated(refusal)))
        if pause := attempts.limiter.pause_of(pool.name):
            self._emit(PenaltyStarted(pool, pause, refusal.kind))
        attempts.refusals += 1
        too_large = _too_large(attempts, refusal) if attempts.refusals > 1 else None
        if too_large is not None:
            raise CallRefused(messages.size_message(pool, *too_large))
        if refusal.kind is RefusalKind.CALL:
            raise CallRefused(messages.call_message(pool, refusal.advice, refusal.quote))
        if refusal.kind is RefusalKind.PERMANENT:
            raise CallRefused(messages.closed_message(pool, refusal.advice, refusal.quote))
        if refusal.pool is not None and refusal.pool not in attempts.pools:
            self._book_in(refusal.pool, call, attempts)
        return Action.SEND_AGAIN if call.repeatable else Action.PASS

    def _begin(self, call: ModelCall) -> _Attempts:
        chosen = self._spare_of if call.domain in self._failed else self._limiter_of
        attempts = _Attempts(chosen(call.domain), charges=dict(call.charges))
        attempts.charges.setdefault(Kind.CONCURRENT, _ONE_PLACE)
        named = self._named.get((call.domain, call.requested_model), ())
        attempts.pools = tuple(dict.fromkeys((*call.pools, *named, ACCOUNT_POOL)))
        self._known[call] = attempts
        return attempts

    def _with_places(self, refused: _Attempts, refusal: Refusal) -> Refusal:
        """Of calls at a time, a provider seldom says how many: no more than those that it did not refuse."""
        if not any(stated.kind == Kind.CONCURRENT and stated.amount is None for stated in refusal.limits):
            return refusal
        others = (each for each in list(self._known.values()) if each is not refused)
        places = sum(
            each.reservation is not None and each.reservation.under_way and each.pools == refused.pools
            for each in others
        )
        limits = tuple(
            replace(stated, amount=max(1, places)) if stated.kind == Kind.CONCURRENT else stated
            for stated in refusal.limits
        )
        return replace(refusal, limits=limits)

    def _book_in(self, pool: str, call: ModelCall, attempts: _Attempts) -> None:
        """The provider books the call in another pool than its name says: so do we, from now on.

        A pool of a tool (``PROVIDER:TOOL``) concerns this call alone: others may not use the tool.
        """
        attempts.pools = (*attempts.pools, pool)
        if ":" not in pool:
            key = call.domain, call.requested_model
            self._named[key] = tuple(dict.fromkeys((*self._named.get(key, ()), pool)))

    async def _go_on_in_memory(self, call: ModelCall, attempts: _Attempts, fault: Exception) -> None:
        """A fault of ours at the limiter: the domain is limited in memory of this process from now on."""
        spare = self._spare_of(call.domain)
        if attempts.limiter is spare:
            raise fault
        self._failed.add(call.domain)
        self._emit(Trouble(messages.spare_message(call.pool, type(fault).__name__)))
        attempts.limiter, attempts.arrival = spare, UNKNOWN
        attempts.reservation = await spare.acquire(_ask(call, attempts))

    def _reservation(self, call: ModelCall) -> Reservation | None:
        attempts = self._known.get(call)
        return attempts.reservation if attempts is not None else None


def _ask(call: ModelCall, attempts: _Attempts) -> Ask:
    charges = attempts.charges
    return Ask(
        attempts.pools,
        attempts.limiter.amounts(call.model, charges),
        attempts.arrival,
        URGENT if call.urgent else NORMAL,
        frozenset(kind for kind, charge in charges.items() if charge.mode is Mode.EXPECTED),
        frozenset(kind for kind, charge in charges.items() if charge.mode is Mode.KEPT),
        call.run,
        call.agent_id,
        call,
    )


def _pool_of(call: ModelCall, refusal: Refusal) -> Pool:
    return Pool(call.domain, refusal.pool or call.pools[0])


def _refused_event(call: ModelCall, refusal: Refusal) -> ProviderRefused:
    return ProviderRefused(
        _pool_of(call, refusal),
        refusal.kind,
        refusal.retry_after,
        call.agent_id,
        call.run,
        call.number,
        _stated(refusal),
        refusal.quote,
    )


def _stated(refusal: Refusal) -> tuple[str, ...]:
    return tuple(str(Limit(each.kind, each.amount, each.window)) for each in refusal.limits if each.amount)


def _too_large(attempts: _Attempts, refusal: Refusal) -> tuple[str, int, int] | None:
    """The kind, estimate and limit of a call that is larger than a whole window that was named twice."""
    if refusal.kind is not RefusalKind.WINDOW:
        return None
    for stated in refusal.limits:
        charge = attempts.charges.get(stated.kind)
        if (
            charge is not None
            and stated.amount
            and stated.kind != Kind.REQUESTS
            and charge.amount > stated.amount
        ):
            return stated.kind, charge.amount, stated.amount
    return None
