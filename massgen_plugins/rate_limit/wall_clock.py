"""The provider's wall clock, estimated from the ``Date`` of its answers. Pure.

Providers count days by their own clock, and this machine's may be set at any moment. A ``Date`` gives the
server's time, to the second, at some moment between request and answer. So one answer yields a range for the
server's time, and each further answer narrows it. Between answers the range advances with a monotonic clock,
and widens by the drift that two clocks can have.

Before the first answer the machine's clock is used. After a reboot, whose length a monotonic clock cannot
measure, it is the machine's clock as of the opening of the store, but no time earlier than known before.

Known gaps: if the machine's clock is wrong then, calls before the first answer count on the wrong day. And
where the monotonic clock stops (a paused virtual machine), the day ends late by as much, unless an answer
arrives first.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from massgen_plugins.quota import NANOSECONDS
from massgen_plugins.rate_limit.moment import Moment

__all__ = ["ClockOffset", "ClockSample", "Start", "moment", "observe", "offset_at", "plausible", "read_date"]

_RESOLUTION = NANOSECONDS
"""A ``Date`` is truncated to whole seconds."""

_DRIFT = 2000
"""Two clocks drift apart by at most 1 in 2000 (500 ppm), the fastest rate at which clocks are slewed."""

_LONGEST_ANSWER = 3_600 * NANOSECONDS
"""A longer round trip tells too little, or began on another clock."""

_GRAIN = NANOSECONDS // 10
"""The range widens in steps of this many nanoseconds, so that an offset can be reused for long."""

_FIRST, _LAST = 1_577_836_800 * NANOSECONDS, 4_102_444_800 * NANOSECONDS
"""The years from 2020 to 2099."""

_LONGEST = 40
"""Characters of the longest form of a ``Date``."""


class ClockSample(NamedTuple):
    """The range of the server's time at one tick.

    Attributes:
        when: Tick of the store's clock, which counts suspends.
        early: The server's earliest possible time then, in nanoseconds since the epoch.
        late: Its latest possible time.
    """

    when: int
    early: int
    late: int


class Start(NamedTuple):
    """The origin of a store's clock in this process.

    Attributes:
        machine: Tick of the last boot, or a later one since which the machine surely was not rebooted; older
            samples do not count the time for which it was off.
        store: Tick at which the store was opened.
        wall: The machine's wall clock: nanoseconds since the epoch.
        opened: Its reading when the store was opened.
    """

    machine: int
    store: int
    wall: Callable[[], int]
    opened: int = 0


class ClockOffset(NamedTuple):
    """The provider's clock relative to the store's, valid for a while, so that a call costs one addition.

    Attributes:
        sample: The sample it derives from.
        until: Tick until which it is valid.
        offset: Nanoseconds to add to the store's clock.
        slack: See :class:`Moment`.
    """

    sample: ClockSample
    until: int
    offset: int
    slack: int


def read_date(text: str) -> int | None:
    """Parse a ``Date`` header into nanoseconds since the epoch; None if invalid or implausible."""
    if len(text) > _LONGEST:
        return None
    from email.utils import parsedate_to_datetime  # viewers need no dates

    try:
        date = int(parsedate_to_datetime(text).timestamp()) * NANOSECONDS
    except (ValueError, TypeError, IndexError, OverflowError, OSError):
        return None
    return date if plausible(date) else None


def plausible(date: int) -> bool:
    """Whether a time lies in the years 2020 to 2099."""
    return _FIRST <= date < _LAST


def observe(known: ClockSample | None, date: int, waited: int, now: int) -> ClockSample | None:
    """Narrow the range by an answer. A contradiction wins: a server's clock may be set, too.

    Args:
        known: The previous sample, if any.
        date: The answer's ``Date``, in nanoseconds since the epoch.
        waited: Upper bound of the nanoseconds since the request was written.
        now: Tick of the store's clock.
    """
    if not 0 <= waited <= _LONGEST_ANSWER:
        return known
    early, late = date, date + _RESOLUTION + waited
    if known is not None and known.when <= now:
        known_early, known_late = _at(known, now, 1)
        if known_early <= late and early <= known_late:
            early, late = max(early, known_early), min(late, known_late)
    return ClockSample(now, early, late)


def moment(sample: ClockSample | None, tick: int, start: Start) -> Moment:
    """The moment of a tick; falls back to the machine's clock without a usable sample."""
    if sample is None or sample.when > tick + NANOSECONDS:  # taken on another clock
        return Moment(tick, start.wall())
    clock = offset_at(sample, tick, start)
    return Moment(tick, tick + clock.offset, clock.slack)


def offset_at(sample: ClockSample, tick: int, start: Start) -> ClockOffset:
    """The provider's clock at ``tick`` and for a while after.

    Args:
        sample: Not later than ``tick``.
        tick: The store's clock, in nanoseconds.
        start: The origin of that clock.
    """
    early, late = _at(sample, tick, _GRAIN)
    step = _DRIFT * _GRAIN
    until = tick - max(0, tick - sample.when) % step + step
    if sample.when > start.machine:
        return ClockOffset(sample, until, early - tick, late - early)
    return ClockOffset(sample, until, max(early - tick, start.opened - start.store), 0)


def _at(sample: ClockSample, now: int, grain: int) -> tuple[int, int]:
    """The range at a later tick."""
    elapsed = max(0, now - sample.when)
    drift = (elapsed // (_DRIFT * grain) + 1) * grain
    return sample.early + elapsed - drift, sample.late + elapsed + drift
