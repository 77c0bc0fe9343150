"""Exports events as OpenTelemetry metrics and span events, in programs that already use OpenTelemetry.

Names follow its semantic conventions for generative AI (2025) where those define one; our own begin with
``massgen_rl``. The program sets the meter provider, as MassGen's ``--logfire`` does.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from massgen_plugins.events import (
    CallAdmitted,
    CallSettled,
    CallTurnedAway,
    Event,
    PenaltyStarted,
    ProviderRefused,
)
from massgen_plugins.events.sink import EventSink
from massgen_plugins.quota import Kind, Pool

__all__ = ["OpenTelemetrySink", "add_span_event", "is_used"]

_METER = "massgen_plugins"
_WORTH = 0.001
"""Seconds; shorter waits are ignored."""


def is_used() -> bool:
    """Whether the program has imported OpenTelemetry's metrics; this module never imports them first."""
    return "opentelemetry.metrics" in sys.modules


def add_span_event(event: CallAdmitted) -> None:
    """Add the call's wait to the current span; must be called in the call's context."""
    trace = sys.modules.get("opentelemetry.trace")
    if trace is None or event.waited < _WORTH:
        return
    with suppress(Exception):
        span = trace.get_current_span()
        if span.is_recording():
            span.add_event(
                "massgen_rl.wait", {"massgen_rl.wait.seconds": event.waited, **_attributes(event.pool)}
            )


class OpenTelemetrySink(EventSink):
    """Records metrics through the OpenTelemetry API, a no-op while no meter provider is set."""

    def __init__(self) -> None:
        meter = sys.modules["opentelemetry.metrics"].get_meter(_METER)
        self._tokens = meter.create_histogram(
            "gen_ai.client.token.usage", "{token}", "Tokens that a call took, as the provider reports them."
        )
        self._durations = meter.create_histogram(
            "gen_ai.client.operation.duration", "s", "From when a request left to the end of its answer."
        )
        self._waits = meter.create_histogram("massgen_rl.wait.duration", "s", "How long a call was held.")
        self._calls = meter.create_counter(
            "massgen_rl.calls", "{call}", "Attempts that are over, by outcome."
        )
        self._refusals = meter.create_counter("massgen_rl.refusals", "{refusal}", "Refusals, by kind.")
        self._penalties = meter.create_histogram(
            "massgen_rl.penalty.duration", "s", "For how long a refusal stops a pool."
        )

    def take(self, events: Sequence[tuple[float, Event]]) -> None:
        """Record the events."""
        for _, event in events:
            self._count(event)

    def _count(self, event: Event) -> None:
        if isinstance(event, CallAdmitted):
            self._waits.record(event.waited, _attributes(event.pool))
        elif isinstance(event, CallSettled):
            self._settled(event)
        elif isinstance(event, CallTurnedAway):
            self._calls.add(1, {**_attributes(event.pool), "massgen_rl.outcome": "turned_away"})
        elif isinstance(event, ProviderRefused):
            self._refusals.add(1, {**_attributes(event.pool), "massgen_rl.refusal.kind": str(event.kind)})
        elif isinstance(event, PenaltyStarted):
            self._penalties.record(event.seconds, _attributes(event.pool))

    def _settled(self, event: CallSettled) -> None:
        attributes: dict[str, Any] = {
            **_attributes(event.pool),
            "gen_ai.operation.name": "chat",
            "gen_ai.request.model": event.requested_model,
            "gen_ai.response.model": event.model,
        }
        self._calls.add(1, {**attributes, "massgen_rl.outcome": event.outcome})
        failed = {} if event.outcome == "answered" else {"error.type": str(event.status or event.outcome)}
        self._durations.record(event.seconds, {**attributes, **failed})
        for kind, word in ((Kind.INPUT_TOKENS, "input"), (Kind.OUTPUT_TOKENS, "output")):
            if event.amounts.get(kind):
                self._tokens.record(event.amounts[kind], {**attributes, "gen_ai.token.type": word})


def _attributes(pool: Pool) -> dict[str, Any]:
    attributes = {"gen_ai.provider.name": pool.domain.provider, "gen_ai.request.model": pool.name}
    return {**attributes, "server.address": pool.domain.endpoint} if pool.domain.endpoint else attributes
