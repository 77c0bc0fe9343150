"""The innermost middleware: publishes when a call is sent, answered and over, and changes nothing."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from massgen_plugins.events import CallAdmitted, CallAnswered, CallSettled, Event
from massgen_plugins.middleware import Action, CallOutcome, Middleware, ModelCall, Refusal, Usage
from massgen_plugins.quota import Pool

__all__ = ["CallObserver"]

_SERVER_ERRORS_START = 400


@dataclass(eq=False, slots=True)
class _Attempt:
    """One attempt of a call; times are of the monotonic clock, except ``left``."""

    pool: Pool
    number: int
    admitted: float
    left: float
    waited: float
    status: int = 0
    sent: bool = True
    refused: bool = False
    usage: Usage | None = None
    ended: float = 0.0


class CallObserver(Middleware):
    """Turns the steps of each attempt into events.

    Args:
        emit: Publishes an event; must not block.
        monotonic: Seconds of a monotonic clock.
        wall: Seconds since the epoch.
    """

    def __init__(
        self,
        emit: Callable[[Event], None],
        monotonic: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._emit = emit
        self._monotonic = monotonic
        self._wall = wall
        self._attempts: WeakKeyDictionary[ModelCall, _Attempt] = WeakKeyDictionary()

    async def before_call(self, call: ModelCall) -> None:
        """Publish that the call was admitted by all other middleware."""
        before = self._attempts.get(call)
        now = self._monotonic()
        since = call.opened if before is None else before.ended
        number = 1 if before is None else before.number + 1
        pool = call.pool if before is None else before.pool
        waited = max(0.0, now - since)
        self._attempts[call] = _Attempt(pool, number, now, self._wall(), waited)
        self._emit(CallAdmitted(pool, call.agent_id, call.run, call.number, waited, number))

    async def after_call(self, call: ModelCall, outcome: CallOutcome) -> Action:
        """Publish the start of the answer, or its absence."""
        attempt = self._attempts.get(call)
        if attempt is not None:
            attempt.status, attempt.sent = outcome.status, outcome.sent
            attempt.refused = outcome.refusal is not None
            seconds = self._monotonic() - attempt.admitted
            self._emit(
                CallAnswered(attempt.pool, call.agent_id, call.run, call.number, outcome.status, seconds)
            )
        return Action.PASS

    def on_usage(self, call: ModelCall, usage: Usage) -> None:
        """Keep the last report."""
        attempt = self._attempts.get(call)
        if attempt is not None:
            attempt.usage = usage

    def on_late_refusal(self, call: ModelCall, refusal: Refusal) -> None:  # noqa: ARG002 - to override
        """Count an answer that ends in a refusal as refused."""
        attempt = self._attempts.get(call)
        if attempt is not None:
            attempt.refused = True

    def on_finished(self, call: ModelCall) -> None:
        """Publish the end of the attempt."""
        attempt = self._attempts.get(call)
        if attempt is None:
            return
        attempt.ended = self._monotonic()
        answered = "answered" if 0 < attempt.status < _SERVER_ERRORS_START else "failed"
        usage = attempt.usage or Usage({})
        self._emit(
            CallSettled(
                attempt.pool,
                call.agent_id,
                call.run,
                call.number,
                attempt.number,
                call.model,
                call.requested_model,
                attempt.left,
                attempt.waited,
                attempt.ended - attempt.admitted,
                attempt.status,
                "refused" if attempt.refused else answered,
                usage.amounts,
                usage.raw,
                usage.cost,
            )
        )
