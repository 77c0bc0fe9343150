"""What the scripts answer, as values. Pure."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import replace

from massgen_plugins.quota import CalendarDay, Limit, Scope
from massgen_plugins.rate_limit.calendar_day import day_end, day_of
from massgen_plugins.rate_limit.decision import Blocker, Decision, Reason, Usage
from massgen_plugins.rate_limit.hold import Hold, Page, admitted
from massgen_plugins.rate_limit.ledger import WRITE_GRACE
from massgen_plugins.rate_limit.line import Bid
from massgen_plugins.rate_limit.stores.base import ScopeView
from massgen_plugins.rate_limit.stores.redis.known import Known, Today

__all__ = ["decision_of", "forecast_of", "note_clocks", "tick_of", "view_of"]

_LIMIT, _LINE, _PAUSE, _PROBE, _DAYS, _TOLD_DAY, _CLOSED, _ZERO, _NOTHING = range(1, 10)
_PLAIN = {
    _LINE: Reason.LINE,
    _PAUSE: Reason.PAUSE,
    _PROBE: Reason.PROBE,
    _DAYS: Reason.DAY,
    _TOLD_DAY: Reason.DAY,
}
_FIRST = struct.Struct("<5d").unpack_from
_FIRST_BYTES = 5 * 8
_CLOCKS = struct.Struct("<2d").unpack_from


def note_clocks(known: Known, reply: bytes, kept: int) -> None:
    """How the scope's own clock stands to that of this process: every script that has done its work says so.

    Args:
        known: The scope's book.
        reply: The answer.
        kept: Microseconds by which the server's clock was set back meanwhile.
    """
    now, server = _CLOCKS(reply)
    known.set_skew(int(now - server) - kept)


def tick_of(known: Known, micros: float) -> int:
    """A moment of a book as a tick."""
    return (int(micros) - known.skew) * 1000


def decision_of(known: Known, reply: bytes, bids: Sequence[Bid], today: Today, kept: int) -> Decision:
    """What ``admit`` decided; ``kept`` as for :func:`note_clocks`."""
    now, server, troubled, granted, reason = _FIRST(reply)
    known.set_skew(int(now - server) - kept)
    lanes = known.layout.lanes
    begun = tick_of(known, now) + WRITE_GRACE
    if not reason:
        rows = [lanes.row(bid.amounts) for bid in bids[: int(granted)]]
        return Decision(_holds(known, begun, rows, today), None, troubled > 0)
    count = len(lanes.limits)
    when, detail, amount, *taken = _numbers(reply[_FIRST_BYTES:])
    rows = [known.layout.gather(taken[at : at + count]) for at in range(0, int(granted) * count, count)]
    blocker = None
    if reason != _NOTHING:
        wall = int(server) * 1000
        blocker = _blocker(known, int(reason), tick_of(known, when), detail, amount)
        if blocker.reason is Reason.DAY:
            blocker = _day_blocker(known, tick_of(known, now), wall, detail if reason == _DAYS else 0)
    return Decision(_holds(known, begun, rows, today), blocker, troubled > 0)


def forecast_of(known: Known, reply: bytes) -> int:
    """The tick that ``forecast`` found."""
    return tick_of(known, _numbers(reply)[2])


def view_of(known: Known, scope: Scope, reply: bytes) -> ScopeView:
    """A scope for people to look at."""
    now, server, waiting, aloft, *rest = _numbers(reply)
    order = known.layout.order
    days = rest[3 * len(order) :]
    usage = {}
    for index, place in enumerate(order):
        limit = known.layout.lanes.limits[place]
        cap, used, free = rest[3 * index : 3 * index + 3]
        resets = (free - now) * 1000
        if isinstance(limit.window, CalendarDay):
            day = day_of(server * 1000, limit.window.zone)
            used = dict(zip(days[0:6:2], days[1:6:2], strict=True)).get(day, 0)
            resets = day_end(day, limit.window.zone) - server * 1000
            days = days[6:]
        usage[place] = Usage(limit, cap, used, resets)
    shown = [usage[place] for place in sorted(usage)]
    return ScopeView(scope, known.rules, shown, waiting, aloft, known.lessons, now * 1000)


def _holds(known: Known, begun: int, rows: Sequence[int], today: Today) -> tuple[Hold, ...]:
    page = Page(known.layout.lanes, today.days, known.born)
    return tuple(admitted(begun, row, page) for row in rows)


def _blocker(known: Known, reason: int, wake: int, detail: int, amount: int) -> Blocker:
    if reason == _CLOSED:
        return Blocker(Reason.CLOSED, wake)
    if reason == _LIMIT:
        return Blocker(Reason.LIMIT, wake, limit=replace(_limit(known, detail), amount=amount))
    if reason == _ZERO:
        limit = _limit(known, detail)
        return Blocker(Reason.CLOSED, wake, limit=limit, advice=f"The limit in force is {limit}.")
    return Blocker(_PLAIN[reason], wake)


def _day_blocker(known: Known, tick: int, wall: int, spent: int) -> Blocker:
    """The blocker for days that are spent: a bit for each limit, or none when the provider has said so."""
    limits, zone = known.layout.lanes.limits, known.rules.zone
    if spent:
        passed = [_limit(known, each) for each in range(1, len(limits) + 1) if spent >> (each - 1) & 1]
        limit: Limit | None = max(passed, key=lambda each: (_resets(each, wall), limits.index(each)))
        resets = _resets(limit, wall) if limit else 0
    else:
        days = [each for each in limits if isinstance(each.window, CalendarDay)]
        limit = days[0] if len(days) == 1 else None
        resets = day_end(day_of(wall, zone), zone)
    shown = known.lessons.learned.get(limit.key, limit) if limit else None
    return Blocker(Reason.DAY, tick + resets - wall, limit=shown, resets=resets)


def _limit(known: Known, index: int) -> Limit:
    return known.layout.lanes.limits[known.layout.order[index - 1]]


def _resets(limit: Limit, wall: int) -> int:
    zone = limit.window.zone if isinstance(limit.window, CalendarDay) else "UTC"
    return day_end(day_of(wall, zone), zone)


def _numbers(reply: bytes) -> tuple[int, ...]:
    return tuple(map(int, struct.unpack(f"<{len(reply) // 8}d", reply)))
