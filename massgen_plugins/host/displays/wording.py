"""Texts about waits, the same in every display: the duration first, then the reason."""

from __future__ import annotations

from collections.abc import Sequence

from massgen_plugins.host.displays.base import ShownWait
from massgen_plugins.live.presence import WaitingCall
from massgen_plugins.live.spans import clock, ordinal

__all__ = ["PAUSED", "begin_line", "clock", "end_line", "footer", "ordinal", "token", "what_for"]

PAUSED = "paused"
"""Reason of a wait that a user has started, and that a user ends."""

_SHORT = {
    " per minute": "/min",
    " per second": "/s",
    " per hour": "/h",
    " per day": "/day",
    " per ": "/",
    " seconds": " s",
}

_REASONS = {
    PAUSED: "paused; massgen-rl resume ends it",
    "pause": "pause after a refusal",
    "probe": "one call tries the quota",
    "startup": "one call tries the quota",
    "until": "next day",
}

_WAITS = "\N{HOURGLASS WITH FLOWING SAND}"
_GOES_ON = "\N{BLACK RIGHT-POINTING TRIANGLE}"


def what_for(call: WaitingCall) -> str:
    """The limit a call waits for: ``4 requests/min``."""
    text = call.limit
    for long, short in _SHORT.items():
        text = text.replace(long, short)
    return text or _REASONS.get(call.reason, "its turn")


def token(call: WaitingCall) -> str:
    """The same as one machine-readable word: ``4/min``, ``240000-input-tokens/min``, ``pause``."""
    if not call.limit:
        return call.reason or "turn"
    return what_for(call).replace(" requests", "").replace(",", "").replace(" ", "-")


def begin_line(call: WaitingCall, seconds: float) -> str:
    """The line at the start of a wait; short, since a display's columns may be narrow."""
    if call.reason == PAUSED:
        return f"{_WAITS} {what_for(call)}"
    place = f", {ordinal(call.place)} in line" if call.place > 1 else ""
    return f"{_WAITS} {clock(seconds)}{place} · {what_for(call)}"


def end_line(waited: float) -> str:
    """The line at the end of a wait."""
    return f"{_GOES_ON} goes on after {clock(waited)}"


def footer(waits: Sequence[ShownWait], now: float, width: int) -> str:
    """All waits in one line of at most ``width`` columns, shortened from the end."""
    first = waits[0]
    name = f" ({first.name})" if first.name else ""
    count = f"{_WAITS} quota: {len(waits)} wait{'s' if len(waits) == 1 else ''}"
    left = clock(first.left(now))
    if first.call.reason == PAUSED:
        return next(
            (line for line in (f"{count} · {what_for(first.call)}", count) if len(line) < width), count
        )
    parts = [count, f"next {left}{name}", what_for(first.call), first.call.model]
    lines = [" · ".join(parts[:number]) for number in range(len(parts), 1, -1)]
    lines += [f"{count} · next {left}", f"{_WAITS} {left}"]
    return next((line for line in lines if len(line) < width), lines[-1])  # the symbol is two columns wide
