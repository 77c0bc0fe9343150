"""``massgen-rl line``: the tightest quota in one line, for a prompt or a status bar."""

from __future__ import annotations

from collections.abc import Iterator

from massgen_plugins.cli.last_run import spent
from massgen_plugins.cli.looking import Looked, look
from massgen_plugins.cli.output import emit_json, tell
from massgen_plugins.cli.penalties import penalties_of
from massgen_plugins.cli.screen import screen_of
from massgen_plugins.cli.wording import amount, clock, short_limit
from massgen_plugins.quota import CalendarDay, CalendarMonth
from massgen_plugins.rate_limit.moment import NEVER
from massgen_plugins.rate_limit.verdict import LimitView
from massgen_plugins.rate_limit.viewing import PoolView

__all__ = ["answer", "state_of", "words_of"]

_MARKS = {"waiting": "⏳ ", "paused": "‖ ", "spent": "✗ ", "free": ""}
_PLAIN_MARKS = {"waiting": "* ", "paused": "= ", "spent": "x ", "free": ""}


def answer(*, as_json: bool = False, store: str | None = None) -> int:
    """Print the line, or nothing without limited calls. Always returns 0, since prompts show exit codes."""
    looked = look(store)
    pools = sorted(looked.pools, key=lambda view: _urgency(view, looked))
    words = ""
    state = "free"
    if pools:
        first = pools[-1]
        state = state_of(first, looked)
        marks = _PLAIN_MARKS if screen_of().ascii_only else _MARKS
        others = f" · +{len(pools) - 1}" if len(pools) > 1 else ""
        words = f"{marks[state]}{words_of(first, looked)}{others}"
    if screen_of().ascii_only:
        words = words.replace("·", "-")
    if as_json:
        emit_json(
            {"text": words, "class": state, "tooltip": "\n".join(words_of(each, looked) for each in pools)}
        )
    elif words:
        tell(words)
    return 0


def state_of(view: PoolView, looked: Looked) -> str:
    """``spent``, ``paused``, ``waiting`` or ``free``."""
    held = penalties_of(view)
    if spent(view) or held.closed:
        return "spent"
    if held.pause or looked.steering.pause_of(view.pool.name):
        return "paused"
    return "waiting" if view.queue else "free"


def words_of(view: PoolView, looked: Looked) -> str:
    """A pool in a few words."""
    return " · ".join(_parts(view, looked))


def _parts(view: PoolView, looked: Looked) -> Iterator[str]:
    days = [row for row in view.limits if isinstance(row.limit.window, CalendarDay | CalendarMonth)]
    others = [row for row in view.limits if row not in days]
    tightest = max(others, key=_part, default=None)
    name = view.pool.name
    yield f"{name} {_use(tightest)}{_slot(view, looked)}" if tightest else f"{name}{_slot(view, looked)}"
    if view.waiting:
        yield f"{view.waiting} wait"
    held = penalties_of(view)
    if looked.steering.pause_of(name):
        yield "paused"
    if held.closed:
        yield f"closed {clock(held.closed)}"
    elif held.pause:
        yield f"paused {clock(held.pause)}"
    for row in days:
        if row.limit.kind == "requests" or row.used >= row.cap:
            yield f"{short_limit(row.limit)} {_use(row)}"
    if held.until:
        yield f"until {_time(looked.now + held.until)}"


def _slot(view: PoolView, looked: Looked) -> str:
    seconds = looked.next_slot(view) or 0.0
    return f" next {clock(seconds)}" if seconds >= 0.5 else ""


def _use(row: LimitView) -> str:
    return f"{amount(row.limit, row.used)}/{amount(row.limit, row.cap)}"


def _part(row: LimitView) -> tuple[int, float]:
    return min(row.next_slot, NEVER), row.used / row.cap if row.cap else 1.0


def _urgency(view: PoolView, looked: Looked) -> tuple[int, float]:
    order = ("free", "spent", "paused", "waiting").index(state_of(view, looked))
    return order, max((row.used / row.cap for row in view.limits if row.cap), default=0.0)


def _time(moment: float) -> str:
    from datetime import datetime

    return f"{datetime.fromtimestamp(moment).astimezone():%H:%M}"
