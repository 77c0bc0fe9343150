"""The limiter as middleware."""

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

_FIRST_ERROR_STATUS = 400
_ONE_PLACE = Charge(1, Mode.KEPT)


@dataclass(eq=False, slots=True)
class _Attempts:
    """One call across its attempts."""

    limiter: DomainLimiter
    arrival: int = UNKNOWN
    paused: int = 0
    charges: dict[str, Charge] = field(default_factory=dict)
    pools: tuple[str, ...] = ()
    reservation: Reservation | None = None
    refusals: int = 0


class RateLimitMiddleware(Middleware):
    """Admits every call into its pools, and learns from every answer.

    Args:
        limiter_of: The limiter of a domain.
        fallback_of: An in-memory limiter, for a domain whose own failed.
        emit: Takes events.
    """

    def __init__(
        self,
        limiter_of: Callable[[Domain], DomainLimiter],
        fallback_of: Callable[[Domain], DomainLimiter],
        emit: Callable[[Event], None] = lambda _: None,
    ) -> None:
        self._limiter_of = limiter_of
        self._fallback_of = fallback_of
        self._emit = emit
        # Weak: a call that the wire has dropped gets no more reports.
        self._known: WeakKeyDictionary[ModelCall, _Attempts] = WeakKeyDictionary()
        self._failed: set[Domain] = set()
        self._named: dict[tuple[Domain, str], tuple[str, ...]] = {}  # pools named by refusals

    async def before_call(self, call: ModelCall) -> None:
        """Wait until the call fits into every limit of its pools."""
        attempts = self._known.get(call) or self._begin(call)
        try:
            ask = _ask(call, attempts)
            attempts.reservation = await attempts.limiter.acquire(ask)
            attempts.arrival, attempts.paused = ask.arrival, ask.paused
        except CallRefused:
            self._known.pop(call, None)
            raise
        except Exception as fault:  # whatever fails in the limiter, calls stay limited
            await self._fall_back_to_memory(call, attempts, fault)
        except BaseException:  # its caller was cancelled
            self._emit(CallGivenUp(call.pool, call.agent_id, call.run, call.number))
            raise

    def on_written(self, call: ModelCall) -> None:
        """Restart the margin, in case the call had to wait for a connection."""
        reservation = self._reservation(call)
        if reservation is not None:
            reservation.written()

    async def after_call(self, call: ModelCall, outcome: CallOutcome) -> Action:
        """Move the call's stamp back to now, and learn from the answer or refusal."""
        attempts = self._known.get(call)
        reservation = attempts.reservation if attempts is not None else None
        if attempts is None or reservation is None:
            return Action.PASS
        try:
            return await self._learn(call, attempts, reservation, outcome)
        finally:  # last, so that calls waiting for this first one see what its refusal taught
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
        if 0 < outcome.status < _FIRST_ERROR_STATUS:
            limiter.succeeded(reservation)
        return Action.PASS

    def on_usage(self, call: ModelCall, usage: Usage) -> None:
        """Settle the reservation, and learn from the true use."""
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
        """Free what the call held until its end."""
        attempts = self._known.get(call)
        if attempts is not None and attempts.reservation is not None:
            attempts.reservation.finished()
            attempts.reservation = None  # it references the call, and would keep the weak key alive

    async def _refused(
        self, call: ModelCall, attempts: _Attempts, reservation: Reservation, refusal: Refusal
    ) -> Action:
        # A refused request may count as a request, but it took no tokens.
        reservation.settle_all({kind: 0 for kind in attempts.charges if kind != Kind.REQUESTS})
        refusal = self._with_concurrency_limit(attempts, refusal)
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
            self._add_pool(refusal.pool, call, attempts)
        return Action.SEND_AGAIN if call.repeatable else Action.PASS

    def _begin(self, call: ModelCall) -> _Attempts:
        chosen = self._fallback_of if call.domain in self._failed else self._limiter_of
        attempts = _Attempts(chosen(call.domain), charges=dict(call.charges))
        attempts.charges.setdefault(Kind.CONCURRENT, _ONE_PLACE)
        named = self._named.get((call.domain, call.requested_model), ())
        attempts.pools = tuple(dict.fromkeys((*call.pools, *named, ACCOUNT_POOL)))
        self._known[call] = attempts
        return attempts

    def _with_concurrency_limit(self, refused: _Attempts, refusal: Refusal) -> Refusal:
        """Fill in an unstated limit of concurrent calls: as many as the provider is serving now."""
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

    def _add_pool(self, pool: str, call: ModelCall, attempts: _Attempts) -> None:
        """Book the call, and later ones of its model, in a pool that a refusal named.

        A tool's pool (``PROVIDER:TOOL``) is for this call alone: others may not use the tool.
        """
        attempts.pools = (*attempts.pools, pool)
        if ":" not in pool:
            key = call.domain, call.requested_model
            self._named[key] = tuple(dict.fromkeys((*self._named.get(key, ()), pool)))

    async def _fall_back_to_memory(self, call: ModelCall, attempts: _Attempts, fault: Exception) -> None:
        """Limit the domain in memory from now on, after a fault of ours in its limiter."""
        fallback = self._fallback_of(call.domain)
        if attempts.limiter is fallback:
            raise fault
        self._failed.add(call.domain)
        self._emit(Trouble(messages.fallback_message(call.pool, type(fault).__name__)))
        attempts.limiter, attempts.arrival = fallback, UNKNOWN
        attempts.reservation = await fallback.acquire(_ask(call, attempts))

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
        frozenset([kind for kind, charge in charges.items() if charge.mode is Mode.EXPECTED]),
        frozenset([kind for kind, charge in charges.items() if charge.mode is Mode.KEPT]),
        call.run,
        call.agent_id,
        call,
        attempts.paused,
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
    """The kind, estimate and limit, if a call exceeds a window's whole limit."""
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
