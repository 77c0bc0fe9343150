"""Shows waits through MassGen's own channels; never as stream chunks, which can end up in answers."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from massgen_plugins.errors import described
from massgen_plugins.host import reports
from massgen_plugins.host.displays import WaitDisplay, display_of
from massgen_plugins.host.displays.base import ShownWait
from massgen_plugins.host.displays.wording import PAUSED, begin_line, end_line
from massgen_plugins.host.stage import Stage, stage_of
from massgen_plugins.live.names import Names
from massgen_plugins.live.presence import WaitingCall
from massgen_plugins.live.tracker import Change
from massgen_plugins.rate_limit.messages import describe_span

__all__ = ["Announcer"]

_LONG = 5.0
"""Seconds; shorter waits get no line."""

_BACKGROUND = "a background call"
_EVENT = "backend_status"


class Announcer:
    """Reports waits to MassGen's displays, events and log. Not thread-safe.

    Args:
        names: Displayed names of agents.
    """

    def __init__(self, names: Names) -> None:
        self._names = names
        self._displays: weakref.WeakKeyDictionary[Any, WaitDisplay | None] = weakref.WeakKeyDictionary()
        self._shown: dict[int, ShownWait] = {}
        self._begun: dict[int, tuple[str, int]] = {}
        self._ticked: dict[WaitDisplay, None] = {}

    def changed(self, change: Change, now: float) -> None:
        """Process a wait that has begun, changed its estimate, or ended."""
        call = change.began
        if call is not None:
            if call.until - call.since < _LONG and call.reason != PAUSED and call.call not in self._shown:
                name = self._names.shown(call.agent or None)
                reports.inform(f"{change.message} ({name or _BACKGROUND})")
            else:  # reported by the next tick, when all places are known
                self._begun[call.call] = change.message, call.place
        elif change.ended is not None:
            self._begun.pop(change.ended.call, None)
            self._end(change.ended, change.waited, now)

    def tick(self, waiting: Sequence[WaitingCall], now: float) -> None:
        """Process the tick of a second.

        Args:
            waiting: The waiting calls, in their expected order of admission.
            now: Seconds since the epoch.
        """
        rows: dict[WaitDisplay, list[ShownWait]] = {display: [] for display in self._ticked}
        for call in waiting:
            if (begun := self._begun.pop(call.call, None)) is not None:
                message, place = begun  # counts all processes
                self._begin(replace(call, place=place), message, now)
            if call.call in self._shown:
                shown = self._wait_of(call)
                _, display = self._place_of(call)
                if display is not None:
                    rows.setdefault(display, []).append(shown)
        for display, waits in rows.items():
            _tried(display.tick, waits, now)
        self._ticked = dict.fromkeys(display for display, waits in rows.items() if waits)

    def _begin(self, call: WaitingCall, message: str, now: float) -> None:
        wait = self._shown[call.call] = self._wait_of(call)
        stage, display = self._place_of(call)
        note = _timeout_note(stage, wait, now)
        said = f"{message}{note} ({wait.name or _BACKGROUND})"
        (reports.inform if display is not None and not note else reports.log_warning)(said)
        left = wait.left(now)
        self._emit(
            stage,
            wait,
            f"{begin_line(call, left)}{note}",
            kind="quota_wait",
            seconds=round(left, 1),
            until=call.until,
            place=call.place,
        )
        if display is not None:
            _tried(display.begin, wait, now)

    def _end(self, call: WaitingCall, waited: float | None, now: float) -> None:
        if self._shown.pop(call.call, None) is None:
            return
        wait = self._wait_of(call)
        stage, display = self._place_of(call)
        text = None if waited is None else end_line(waited)
        over = text or "no longer waits"
        reports.inform(f"massgen-plugins: {call.model}: {over} ({wait.name or _BACKGROUND})")
        self._emit(
            stage,
            wait,
            text,
            kind="quota_wait_over",
            seconds=round(now - call.since if waited is None else waited, 1),
            sent=waited is not None,
        )
        if display is not None:
            _tried(display.end, wait, waited, now)

    def _wait_of(self, call: WaitingCall) -> ShownWait:
        name = self._names.shown(call.agent or None)
        return ShownWait(call.agent, name, call)

    def _place_of(self, call: WaitingCall) -> tuple[Stage | None, WaitDisplay | None]:
        stage = stage_of(call.run, call.agent)
        host = stage.display if stage is not None else None
        if stage is None or host is None:
            return stage, None
        with suppress(TypeError):  # a display that cannot be weakly referenced
            if host not in self._displays:
                self._displays[host] = _tried(display_of, host, stage)
            return stage, self._displays[host]
        return stage, None

    def _emit(self, stage: Stage | None, wait: ShownWait, text: str | None, **fields: object) -> None:
        """Emit MassGen events: a line for its full-screen display, and fields for programs."""
        emitter = stage.emitter if stage is not None else None
        if stage is None or emitter is None:
            return
        call, agent = wait.call, wait.agent_id or None
        more = {"model": call.model, "limit": call.limit, "reason": call.reason}
        if text is not None:
            # The TUI drops status events of level "info".
            stage.in_loop(lambda: emitter.emit_status(text, level="warning", agent_id=agent))
        stage.in_loop(lambda: emitter.emit_raw(_EVENT, agent_id=agent, **fields, **more))


def _timeout_note(stage: Stage | None, wait: ShownWait, now: float) -> str:
    """A note that MassGen's timeout of the run will expire during the wait, if so."""
    if stage is None:
        return ""
    with suppress(Exception):
        begun = stage.orchestrator.coordination_start_time
        left = begun + stage.orchestrator.config.timeout_config.orchestrator_timeout_seconds - now
        if begun and wait.left(now) > left:
            return (
                f" MassGen's orchestrator_timeout_seconds ends the run in {describe_span(left)}, "
                "before that: raise it under timeout_settings:."
            )
    return ""


def _tried(show: Callable[..., Any], *arguments: Any) -> Any:
    """Call a display and return its result; a failing display is logged once."""
    try:
        return show(*arguments)
    except Exception as error:
        reports.inform_once(f"massgen-plugins: a wait could not be shown: {described(error)}.")
        return None
