"""What one scope has spent, in all its limits at once. Pure: every moment is an argument.

A call is written into its windows at once, with a stamp in the *future*: by when the server will have counted
it at the latest. The arrival of its answer's headers moves the stamp back to that moment, since the server has
counted it by then. It ages out one window after its stamp. A process that dies leaves its calls as spent.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from massgen_plugins.quota import NANOSECONDS, Amounts, CalendarDay, Limit, Sliding, margin_of
from massgen_plugins.rate_limit.calendar_day import DayCounter, day_end, day_of
from massgen_plugins.rate_limit.sliding import SlidingLog

__all__ = ["WRITE_GRACE", "Hold", "Ledger", "Moment"]

WRITE_GRACE = NANOSECONDS // 20
"""How long, in nanoseconds, an admitted call may take until it is written without being restamped."""

_DAY_MARGIN = 2 * NANOSECONDS
"""A call this close before midnight counts in both days: the server may book it on either."""

_NEVER = 1 << 62


class Moment(NamedTuple):
    """A point in time on both clocks.

    Attributes:
        tick: Nanoseconds of the store's clock, which never jumps; for sliding windows.
        wall: Nanoseconds since the epoch; for calendar days.
    """

    tick: int
    wall: int


class Hold(NamedTuple):
    """What an admitted call holds.

    Attributes:
        begun: Tick from which the margin counts: when the call was, or at the latest will be, written.
        wall: When it was admitted, in nanoseconds since the epoch; decides on its calendar days.
        amounts: What it holds, by kind.
        arrived: Tick at which its answer's headers came; None before.
    """

    begun: int
    wall: int
    amounts: Amounts
    arrived: int | None = None

    def stamp(self, margin: int) -> int:
        """The tick from which it ages out of a window with this margin."""
        latest = self.begun + margin
        return latest if self.arrived is None or self.arrived > latest else self.arrived


class _Window(NamedTuple):
    """One sliding window of the scope: its log, its margin, and which limits are its columns."""

    log: SlidingLog
    margin: int
    limits: tuple[int, ...]


class Ledger:
    """What a scope has spent under a set of limits.

    ``caps``, ``used`` and every sequence here are in the order of ``limits``.

    Args:
        limits: All of them hold at once.
    """

    def __init__(self, limits: Sequence[Limit]) -> None:
        self.limits = tuple(limits)
        self.caps = [limit.amount for limit in limits]
        self._kinds = tuple(limit.kind for limit in limits)
        self._windows: dict[Sliding, _Window] = {}
        self._days: dict[int, DayCounter] = {}
        spans: dict[Sliding, list[int]] = {}
        for index, limit in enumerate(self.limits):
            if isinstance(limit.window, CalendarDay):
                self._days[index] = DayCounter(limit.window.zone)
            else:
                spans.setdefault(limit.window, []).append(index)
        for span, indices in spans.items():
            log = SlidingLog(span.length, len(indices))
            self._windows[span] = _Window(log, margin_of(span), tuple(indices))
        self._next_expiry = 0

    def advance(self, now: Moment) -> None:
        """Forget what has aged out; to be called before anything is asked at a later moment."""
        if now.tick < self._next_expiry:
            return
        self._next_expiry = _NEVER
        for window in self._windows.values():
            window.log.advance(now.tick)
            self._note_expiry(window.log)

    def row(self, amounts: Amounts) -> list[int]:
        """What ``amounts`` take of each limit, and no more than all of it.

        Estimates are upper bounds, and an empty window is all that there is to give.
        """
        taken = [amounts.get(kind, 0) for kind in self._kinds]
        for index, cap in enumerate(self.caps):
            if taken[index] > cap > 0:
                taken[index] = cap
        return taken

    def excess(self, now: Moment, row: Sequence[int]) -> list[int]:
        """By how much each limit would be passed if ``row`` were spent now; all <= 0 means: it fits."""
        return [u + r - cap for u, r, cap in zip(self.used(now), row, self.caps, strict=True)]

    def fits(self, now: Moment, amounts: Amounts) -> bool:
        """Whether ``amounts`` can be spent now without passing any limit."""
        return max(self.excess(now, self.row(amounts)), default=0) <= 0

    def used(self, now: Moment) -> list[int]:
        """What counts now, by limit."""
        used = [0] * len(self.limits)
        for log, _, indices in self._windows.values():
            for column, index in enumerate(indices):
                used[index] = log.used[column]
        for index, counter in self._days.items():
            used[index] = max(map(counter.used, _days_of(now.wall, counter.zone)))
        return used

    def reserve(self, now: Moment, amounts: Amounts) -> Hold:
        """Write a call into all windows, whether it fits or not; see :meth:`excess`."""
        row = self.row(amounts)
        held = dict(zip(self._kinds, row, strict=True)) or amounts
        hold = Hold(now.tick + WRITE_GRACE, now.wall, held)
        for log, margin, indices in self._windows.values():
            log.add(hold.begun + margin, [row[index] for index in indices])
            self._note_expiry(log)
        for index, counter in self._days.items():
            for day in _days_of(now.wall, counter.zone):
                counter.add(day, row[index])
        return hold

    def restate(self, old: Hold, new: Hold | None) -> None:
        """Replace what a call holds: stamp it, settle it, or (with None) release it.

        In a window from which the call has aged out nothing happens, so late news never spends anew.
        """
        kinds = self._kinds
        for log, margin, indices in self._windows.values():
            before = [old.amounts.get(kinds[index], 0) for index in indices]
            if new is None:
                log.remove(old.stamp(margin), before)
                continue
            after = [new.amounts.get(kinds[index], 0) for index in indices]
            log.replace(old.stamp(margin), before, new.stamp(margin), after)
            self._note_expiry(log)
        for index, counter in self._days.items():
            amount = (new.amounts.get(kinds[index], 0) if new else 0) - old.amounts.get(kinds[index], 0)
            if amount:
                for day in _days_of(old.wall, counter.zone):
                    counter.add(day, amount)

    def sliding_frees_at(self, now: Moment, amounts: Amounts) -> int:
        """The tick at which the sliding windows will have room for ``amounts``, if nothing is added.

        More than a whole limit needs further whole windows: the tick is then an estimate from below.
        """
        excess = self.excess(now, [amounts.get(kind, 0) for kind in self._kinds])
        when = now.tick
        for span, (log, _, indices) in self._windows.items():
            over = [excess[index] for index in indices]
            beyond = [o - u for o, u in zip(over, log.used, strict=True)]
            rounds = max(
                (
                    -(-b // self.caps[i])
                    for b, i in zip(beyond, indices, strict=True)
                    if b > 0 and self.caps[i]
                ),
                default=0,
            )
            when = max(when, log.frees_at(over, now.tick) + rounds * span.length)
        return when

    def spent_day(self, now: Moment, excess: Sequence[int]) -> tuple[Limit, int] | None:
        """Of the calendar-day limits that are passed, the one that resets last, and when (epoch ns)."""
        spent = [
            (day_end(day_of(now.wall, counter.zone), counter.zone), index)
            for index, counter in self._days.items()
            if excess[index] > 0
        ]
        if not spent:
            return None
        resets, index = max(spent)
        return self.limits[index], resets

    def take_over(self, old: Ledger) -> None:
        """Carry over what was spent under other limits, wherever kind and window are the same."""
        origin = {limit.key: index for index, limit in enumerate(old.limits)}
        for span, window in self._windows.items():
            if span in old._windows:
                before = old._windows[span]
                sources = [origin.get(self.limits[index].key) for index in window.limits]
                pairs = [(c, before.limits.index(s)) for c, s in enumerate(sources) if s is not None]
                window.log.copy_columns(before.log, pairs)
        for index, counter in self._days.items():
            source = origin.get(self.limits[index].key)
            if source is not None:
                counter.spent = dict(old._days[source].spent)
        self._next_expiry = 0

    def dump(self) -> tuple[list[tuple[int, bytes]], list[list[tuple[int, int]]]]:
        """The state for a store: (horizon, cells) of each window, and (day, amount) pairs of each daily limit."""
        logs = [window.log.dump() for window in self._windows.values()]
        return logs, [sorted(counter.spent.items()) for counter in self._days.values()]

    def load(self, logs: Sequence[tuple[int, bytes]], days: Sequence[Sequence[tuple[int, int]]]) -> None:
        """Take over a state dumped under the same limits.

        Raises:
            ValueError: It was dumped under other limits.
        """
        if len(logs) != len(self._windows) or len(days) != len(self._days):
            raise ValueError("the stored ledger has other limits")
        for window, (horizon, cells) in zip(self._windows.values(), logs, strict=True):
            window.log.load(horizon, cells)
        for counter, spent in zip(self._days.values(), days, strict=True):
            counter.spent = {int(day): int(amount) for day, amount in spent}
        self._next_expiry = 0

    def _note_expiry(self, log: SlidingLog) -> None:
        expiry = log.expiry
        if expiry is not None and expiry < self._next_expiry:
            self._next_expiry = expiry


def _days_of(wall: int, zone: str) -> tuple[int, ...]:
    day = day_of(wall, zone)
    later = day_of(wall + _DAY_MARGIN, zone)
    return (day,) if later == day else (day, later)
