"""The plugin that records finished calls in a file next to the store."""

from __future__ import annotations

import atexit
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from massgen_plugins.calls.refusal_entries import REFUSALS, keeper
from massgen_plugins.events import CallSettled, CallTurnedAway, Event, Trouble
from massgen_plugins.hookspecs import AgentInfo, MiddlewareContext, hookimpl

if TYPE_CHECKING:
    from massgen_plugins.calls.record import Recorder
    from massgen_plugins.quota import Domain

__all__ = ["massgen_agent_starting", "massgen_event", "massgen_middleware"]


class _Recorders:
    """The recorders of this process, one per file."""

    def __init__(self) -> None:
        self.context: MiddlewareContext | None = None
        self._lock = threading.Lock()
        self._by_file: dict[str, Recorder] = {}
        self._last: Recorder | None = None

    def take(self, event: CallSettled | CallTurnedAway) -> None:
        """Pass an event to the recorder of its settings."""
        try:
            block = self.context.settings(event.pool.domain) if self.context is not None else {}
        except KeyError:  # a budget's pool, which has no settings
            recorder = self._last
        else:
            recorder = self.of(block)
        if recorder is not None:
            recorder.add(event)

    def of(self, block: Mapping[str, object]) -> Recorder | None:
        """The recorder for a ``rate_limit:`` block; None if recording is off."""
        wanted: Any = block.get("record")
        if not wanted or not wanted.get("keep") or not wanted.get("file"):
            return None
        recorder = self._by_file.get(wanted["file"])
        if recorder is None:
            with self._lock:
                recorder = self._by_file.get(wanted["file"]) or self._made(wanted)
        self._last = recorder
        return recorder

    def _made(self, wanted: Any) -> Recorder:
        from massgen_plugins.budget.prices import Prices
        from massgen_plugins.calls.record import Recorder

        made = Recorder(
            Path(wanted["file"]), wanted["days"], wanted["megabytes"], Prices(self._settings), self._report
        )
        self._by_file[wanted["file"]] = made
        return made

    def _settings(self, domain: Domain) -> Mapping[str, object]:
        return self.context.settings(domain) if self.context is not None else {}

    def _report(self, sentence: str) -> None:
        if self.context is not None:
            self.context.emit(Trouble(sentence))


_recorders = _Recorders()


@hookimpl
def massgen_middleware(context: MiddlewareContext) -> None:
    """Add no middleware, but use this context's settings from now on."""
    global _recorders  # noqa: PLW0603 - a plugin that is a module has no other place
    _recorders = _Recorders()
    _recorders.context = context
    keeper.context = context


@hookimpl
def massgen_agent_starting(agent: AgentInfo) -> None:
    """Load dependencies now, while no call is waiting."""
    _recorders.of(agent.settings)


@hookimpl
def massgen_event(event: Event) -> None:
    """Record finished and refused calls."""
    if isinstance(event, CallSettled | CallTurnedAway):
        _recorders.take(event)
    if isinstance(event, REFUSALS):
        keeper.take(event)


@atexit.register
def _close_records() -> None:
    """Close after everything that starts later: the calls that a gateway aborts at exit are recorded, too."""
    record = sys.modules.get("massgen_plugins.calls.record")
    if record is not None:
        record.close_all()
