"""What this process knows of a scope's book, and how its ticks and amounts read there."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from massgen_plugins.quota import NANOSECONDS, ScopeRules
from massgen_plugins.rate_limit.calendar_day import DayCounter, day_of
from massgen_plugins.rate_limit.lessons import Lessons
from massgen_plugins.rate_limit.stores import codec
from massgen_plugins.rate_limit.stores.redis.layout import PREFIX_BYTES, BookLanes, Layout

__all__ = ["Known", "Today"]

_READING = NANOSECONDS // 4
_ALWAYS = 4_000_000_000 * NANOSECONDS


@dataclass(slots=True)
class Today:
    """Which days it is in the zones of a scope, for as long as that holds.

    Attributes:
        since: Server's clock (nanoseconds) from which on it holds.
        until: Up to which it holds.
        days: For each zone the day (ordinal); close to midnight the next one as well.
        numbers: All of that as the scripts want it.
        packed: With what every call to the scope begins with.
    """

    since: int = 0
    until: int = 0
    days: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    numbers: Sequence[int] = ()
    packed: bytes = b""

    def opening(self, known: Known) -> bytes:
        """What every call to a scope begins with, and the days."""
        if not self.packed:
            self.packed = known.opening(*self.numbers)
        return self.packed

    @classmethod
    def at(cls, wall: int, zone: str, zones: Sequence[str]) -> Today:
        """The days at a moment of the server's clock (nanoseconds).

        Args:
            wall: The moment.
            zone: Where the provider's day begins.
            zones: Where the day of each daily limit begins.
        """
        since, until, days = 0, _ALWAYS, {}
        for each in {zone, *zones}:
            days[each], begins, ends = DayCounter(each, 0, 0).turn(wall)
            since, until = max(since, begins), min(until, ends)
        numbers = [since // 1000, until // 1000, day_of(wall, zone)]
        for each in zones:
            numbers += (*days[each], 0)[:2]
        return cls(since, until, days, numbers)


class Known:
    """A scope's book as it was last read.

    Args:
        keys: The scope's keys.
        head: Prefix and header.
        rules: The rules, as JSON.
        lessons: The lessons, as JSON.

    Raises:
        Exception: One of ``codec.BROKEN``, or ``struct.error``: it is not what was written.
    """

    def __init__(self, keys: tuple[str, ...], head: bytes, rules: bytes, lessons: bytes) -> None:
        self.keys = keys
        self.rules: ScopeRules = codec.decode_rules(rules.decode())
        self.lessons: Lessons = codec.decode_lessons(lessons.decode())
        self.layout = layout = Layout(self.rules, self.lessons)
        self.prefix, self.head_bytes = head[:PREFIX_BYTES], layout.head_bytes
        expected = layout.head(0, 0, self.lessons)
        if head[PREFIX_BYTES : layout.latest_at] != expected[PREFIX_BYTES : layout.latest_at]:
            raise ValueError("the book is of other limits than the rules")
        self.born, self.version = map(int, struct.unpack_from("<2d", head, 4))
        self.latest, self.shift = map(int, struct.unpack_from("<2d", head, layout.latest_at))
        self.edition, _, _, probe = map(int, struct.unpack_from("<4d", head, layout.lessons_at))
        self.lessons.probe = probe * 1000 if probe > 0 else probe
        self.server = 0
        """The server's clock when this was read, in microseconds."""
        self.moment: Callable[[], int] = int
        """What tests take for the server's clock; 0 for its own."""
        self.today = Today()
        self.aloft = 0
        """Calls of this process on their way, as far as it knows."""
        self._said, self._said_at = 0, 0

    @property
    def skew(self) -> int:
        """Microseconds to add to a tick of this process for the book's own."""
        return self.layout.lanes.skew

    def set_skew(self, skew: int) -> None:
        """The clocks have come apart: calls that are admitted from now on have ticks of another kind."""
        if skew != self.layout.lanes.skew:
            self.layout.lanes = BookLanes(self.layout.lanes.limits, skew)

    def say_aloft(self, wall: int) -> int:
        """What people are to be told of calls on their way; -1 if it is too early for that.

        They are told that there are none any more, and else not more often than they can read.
        """
        if wall - self._said_at > _READING or (self._said and not self.aloft):
            self._said, self._said_at = self.aloft, wall
            return self.aloft
        return -1

    def opening(self, *numbers: float) -> bytes:
        """What every call to the scope begins with, and these numbers."""
        return self.prefix + struct.pack(f"<{2 + len(numbers)}d", self.moment(), self.head_bytes, *numbers)

    def days(self, wall: int) -> Today:
        """The days at a moment of the server's clock (nanoseconds)."""
        today = self.today
        if not today.since <= wall < today.until or self.moment is not int:
            today = self.today = Today.at(wall, self.rules.zone, self.layout.zones)
        return today
