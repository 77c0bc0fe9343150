"""Where in a scope's book things stand; see ``lua/_book.lua``, which reads and writes there."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, replace

from massgen_plugins.quota import NANOSECONDS, CalendarDay, Kind, Limit, ScopeRules, Sliding, margin_of
from massgen_plugins.rate_limit.lanes import Lanes, pack, unpack
from massgen_plugins.rate_limit.ledger import WRITE_GRACE
from massgen_plugins.rate_limit.lessons import FULL, Lessons

__all__ = [
    "KINDS",
    "PREFIX_BYTES",
    "SCHEMA",
    "BookLanes",
    "Layout",
    "lesson_numbers",
    "limits_in_force",
    "micros",
]

SCHEMA = b"\x01"
"""Changes with the meaning of anything in ``lua``."""

KINDS = tuple(Kind)
PREFIX_BYTES = 20

_MAGIC = b"MGR"
_MOST_CELLS = 1040
_MEMORY = 57_000
"""Bytes that the book of a scope may take: with very many limits its cells become wider."""

_UNSURE = 250_000
"""Microseconds by which a machine may take the server's clock to be ahead of what it is; see _news.lua."""

_SPARE = 3
"""Cells beyond window and margin: those that these begin and end in, and one that is about to be cleared."""

_HOUR = 3_600_000_000
_LONGEST_DAY = 25 * _HOUR
_FIRST_VARIABLES, _LAST_VARIABLES = 5, 9
_SHORTEST_PROBE = 10 * NANOSECONDS  # as in ScopeState


def micros(nanoseconds: int) -> int:
    """Microseconds, rounded up: nothing ages out early."""
    return -(-nanoseconds // 1000)


def limits_in_force(rules: ScopeRules, lessons: Lessons) -> list[Limit]:
    """Every declared limit, and every learned one that was never declared."""
    declared = {limit.key for limit in rules.limits}
    return [*rules.limits, *(limit for key, limit in lessons.learned.items() if key not in declared)]


def lesson_numbers(lessons: Lessons) -> list[int]:
    """What scripts need to know of lessons: pause, closed, probe, since, share, spent day, troubled."""
    probe = lessons.probe if lessons.probe <= 0 else micros(lessons.probe)
    moments = micros(lessons.pause), micros(lessons.closed), probe, micros(lessons.since)
    return [*moments, lessons.share, lessons.spent_day, int(lessons.troubled)]


class BookLanes(Lanes):
    """Lanes that know how the ticks of their calls read in the book.

    Attributes:
        skew: Microseconds to add to such a tick. It changes when the server's clock is set back; calls that
            were admitted before keep theirs.
    """

    __slots__ = ("skew",)

    def __init__(self, limits: Sequence[Limit], skew: int = 0) -> None:
        super().__init__(limits)
        self.skew = skew


@dataclass(frozen=True, slots=True)
class _Window:
    length: int
    margin: int
    places: tuple[int, ...]
    """Its limits, by their place in the scope's rows."""

    @property
    def lead(self) -> int:
        return micros(WRITE_GRACE + self.margin)

    @property
    def width(self) -> int:
        return 5 + 6 * len(self.places)


class Layout:
    """The shape of the book of a scope with certain limits.

    A book keeps limits of one window side by side, daily ones last: ``order`` says which place each of them
    has in a row.

    Args:
        rules: What was declared.
        lessons: What was learned, which may add limits and lower them.
    """

    def __init__(self, rules: ScopeRules, lessons: Lessons) -> None:
        limits = limits_in_force(rules, lessons)
        self.lanes = BookLanes(limits)
        self.caps = replace(lessons, share=FULL).caps(limits, 0)
        spans: dict[Sliding, list[int]] = {}
        daily = []
        for place, limit in enumerate(limits):
            if isinstance(limit.window, CalendarDay):
                daily.append(place)
            else:
                spans.setdefault(limit.window, []).append(place)
        self.windows = [
            _Window(micros(span.length), margin_of(span), tuple(places)) for span, places in spans.items()
        ]
        self.order = [place for window in self.windows for place in window.places] + daily
        self._in_order = self.order == sorted(self.order)
        self.zones = [_zone(limits[place]) for place in daily]
        self._probe_span = micros(max(_SHORTEST_PROBE, rules.cooldown))
        widths = sum(window.width for window in self.windows)
        self._cells = min(_MOST_CELLS, (_MEMORY - self.head_bytes) // max(1, widths))

    @property
    def latest_at(self) -> int:
        """Bytes before the scope's latest moment, where the variables begin."""
        return PREFIX_BYTES + 8 * (6 + 7 * len(self.windows) + 2 * len(self.order))

    @property
    def lessons_at(self) -> int:
        """Bytes before what refusals taught, the last part of the header."""
        variables = _FIRST_VARIABLES + 2 * len(self.windows) + len(self.order) + 6 * len(self.zones)
        return self.latest_at + 8 * variables

    @property
    def head_bytes(self) -> int:
        """Bytes of prefix and header."""
        return self.lessons_at + 8 * _LAST_VARIABLES

    @property
    def size(self) -> int:
        """Bytes of the whole book."""
        return self.head_bytes + self._cells * sum(window.width for window in self.windows)

    @property
    def ttl(self) -> int:
        """Microseconds that a book is kept unused: two of its longest window."""
        spans = [window.length for window in self.windows] + [_LONGEST_DAY for _ in self.zones]
        return max(2 * max(spans, default=0), _HOUR)

    def head(self, born: float, version: int, lessons: Lessons) -> bytes:
        """Prefix and header of a book in which nothing is spent."""
        windows, limits, days = len(self.windows), len(self.order), len(self.zones)
        numbers = [windows, limits, days, self.ttl, self.size, self._probe_span]
        offset, first = self.head_bytes, 1
        for window in self.windows:
            span = window.length + window.lead + _UNSURE
            cell = -(-span // (self._cells - _SPARE))
            numbers += [window.length, window.lead, cell, self._cells, offset, window.width, first]
            offset += self._cells * window.width
            first += len(window.places)
        for place in self.order:
            numbers += [KINDS.index(self.lanes.limits[place].kind) + 1, self.caps[place]]
        *taught, troubled = lesson_numbers(lessons)
        numbers += [0, 0, 0, 0, troubled] + [0] * (2 * windows + limits + 6 * days)
        numbers += [0, *taught, 0, 0]
        return _MAGIC + SCHEMA + struct.pack(f"<dd{len(numbers)}d", born, version, *numbers)

    def mapping(self, old: Layout) -> list[int]:
        """For each window and limit, which one of another layout counts the same: from 1 on, 0 for none."""
        windows = {window.length: place for place, window in enumerate(old.windows, 1)}
        limits = {old.lanes.limits[place].key: at for at, place in enumerate(old.order, 1)}
        numbers = [windows.get(window.length, 0) for window in self.windows]
        numbers += [limits.get(self.lanes.limits[place].key, 0) for place in self.order]
        return numbers

    def spread(self, row: int) -> list[int]:
        """A row's amounts in the order of the book."""
        amounts = unpack(row, len(self.order))
        return amounts if self._in_order else [amounts[place] for place in self.order]

    def gather(self, amounts: Sequence[int]) -> int:
        """The row of amounts that stand in the order of the book."""
        places = [0] * len(amounts)
        for place, amount in zip(self.order, amounts, strict=True):
            places[place] = amount
        return pack(places)


def _zone(limit: Limit) -> str:
    assert isinstance(limit.window, CalendarDay)  # noqa: S101 - it was sorted by that
    return limit.window.zone
