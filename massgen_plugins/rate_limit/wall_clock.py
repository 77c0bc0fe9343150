"""What time it is where days begin: by the provider's answers, not by this machine's clock. Pure.

A machine's wall clock may be set at any moment; the provider counts its days by its own. Every HTTP answer
says in its ``Date`` what time the server had, to the second, at a moment between the question and now. So
after one answer the server's time is known to lie in a range, and each further answer narrows it. Between
answers the range goes on with a steady clock, and widens by what two clocks can drift apart.

While no answer has told the time, it is the machine's clock that counts. After a reboot, whose length a
steady clock does not know, it is the machine's clock as it was when the store was opened, but never an
earlier time than was known before.

What remains: if the machine's clock is wrong in these moments, the calls that leave before the first answer
are counted on another day than the provider's. And where a steady clock stands still while time goes by (a
virtual machine that is paused), the day ends later by so much, unless an answer comes before.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from massgen_plugins.quota import NANOSECONDS
from massgen_plugins.rate_limit.moment import Moment

__all__ = ["ClockSample", "Pace", "Start", "moment", "observe", "pace_of", "plausible", "read_date"]

_RESOLUTION = NANOSECONDS
"""A ``Date`` has no fractions: it says when the second began."""

_DRIFT = 2000
"""Of so many nanoseconds, two clocks differ by one at most: none is steered faster."""

_LONGEST_ANSWER = 3_600 * NANOSECONDS
"""An answer that took longer says too little, or is to a question that was asked by another clock."""

_GRAIN = NANOSECONDS // 10
"""The range widens in steps of so many nanoseconds, so that for long nothing has to be computed anew."""

_FIRST, _LAST = 1_577_836_800 * NANOSECONDS, 4_102_444_800 * NANOSECONDS
"""The years from 2020 to 2099."""

_LONGEST = 40
"""Characters of a ``Date``; no form of it has more."""


class ClockSample(NamedTuple):
    """What the answers have told.

    Attributes:
        when: When it was so: a tick of the store's clock, which counts suspends.
        early: The earliest time that the server can have had then, in nanoseconds since the epoch.
        late: The latest.
    """

    when: int
    early: int
    late: int


class Start(NamedTuple):
    """How a process's share of a store's clock began, in ticks.

    Attributes:
        machine: When the machine was started, or a moment since which it surely was not started again; what
            was observed before knows nothing of the time for which it was off.
        store: When the store was opened.
        wall: The machine's wall clock: nanoseconds since the epoch.
        opened: What that said when the store was opened.
    """

    machine: int
    store: int
    wall: Callable[[], int]
    opened: int = 0


class Pace(NamedTuple):
    """The time for a while, so that nothing but a sum is left to do for each call.

    Attributes:
        sample: What it was made of.
        until: Tick up to which it is good.
        offset: What to add to the store's clock.
        slack: See :class:`Moment`.
    """

    sample: ClockSample
    until: int
    offset: int
    slack: int


def read_date(text: str) -> int | None:
    """A ``Date`` header in nanoseconds since the epoch; None if it is none, or cannot be true."""
    if len(text) > _LONGEST:
        return None
    from email.utils import parsedate_to_datetime  # who only looks reads no dates

    try:
        date = int(parsedate_to_datetime(text).timestamp()) * NANOSECONDS
    except (ValueError, TypeError, IndexError, OverflowError, OSError):
        return None
    return date if plausible(date) else None


def plausible(date: int) -> bool:
    """Whether it can be true."""
    return _FIRST <= date < _LAST


def observe(known: ClockSample | None, date: int, waited: int, now: int) -> ClockSample | None:
    """Learn from an answer. One that contradicts all before it is believed: a server's clock may be set, too.

    Args:
        known: What was known before, on the same run of the clock; None: nothing.
        date: What the answer says, in nanoseconds since the epoch.
        waited: Nanoseconds since the request was written, at most.
        now: The steady clock, in nanoseconds.
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
    """What time it is at ``tick``; as :func:`pace_of`, but there may be no sample, or a useless one."""
    if sample is None or sample.when > tick + NANOSECONDS:  # of another clock
        return Moment(tick, start.wall())
    pace = pace_of(sample, tick, start)
    return Moment(tick, tick + pace.offset, pace.slack)


def pace_of(sample: ClockSample, tick: int, start: Start) -> Pace:
    """How the provider's time goes on.

    Args:
        sample: What the answers have told; not of a later tick.
        tick: The store's clock, in nanoseconds.
        start: When all this began.
    """
    early, late = _at(sample, tick, _GRAIN)
    step = _DRIFT * _GRAIN
    until = tick - max(0, tick - sample.when) % step + step
    if sample.when > start.machine:
        return Pace(sample, until, early - tick, late - early)
    return Pace(sample, until, max(early - tick, start.opened - start.store), 0)


def _at(sample: ClockSample, now: int, grain: int) -> tuple[int, int]:
    """The range at a later moment of the store's clock."""
    elapsed = max(0, now - sample.when)
    drift = (elapsed // (_DRIFT * grain) + 1) * grain
    return sample.early + elapsed - drift, sample.late + elapsed + drift
