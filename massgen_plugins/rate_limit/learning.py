"""What a domain learns from answers: refusals, announced limits, successes, the provider's time. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from massgen_plugins.middleware import Announced, Refusal
from massgen_plugins.quota import NANOSECONDS, Held, Limit, Sliding
from massgen_plugins.rate_limit.domain import BOOK, FACTS, DomainState
from massgen_plugins.rate_limit.estimator import MAX_AMOUNT
from massgen_plugins.rate_limit.moment import Moment
from massgen_plugins.rate_limit.pool_state import PoolState
from massgen_plugins.rate_limit.reservation import Reservation
from massgen_plugins.rate_limit.wall_clock import ClockSample, observe

__all__ = ["announced", "observed_date", "refused", "succeeded"]

_LONGEST_RESET = 31 * 86_400
"""Seconds."""


def refused(  # noqa: PLR0913, PLR0917 - pure: everything is an argument
    state: DomainState,
    now: Moment,
    call: Reservation,
    refusal: Refusal,
    chance: float,
    recent: Iterable[Reservation] = (),
) -> bool:
    """Learn from a refused call; True if it lowered a limit.

    Args:
        state: The call's domain.
        now: When the refusal arrived.
        call: The refused call.
        refusal: The refusal.
        chance: Uniform in [0, 1): jitter of back-offs.
        recent: Calls that left without known limits, to book in the limits learned now.
    """
    name = refusal.pool or call.pools[0]
    penalties = state.penalties(name)
    before, counted = dict(penalties.learned), set(state.book(name).counters)
    penalties.refused(refusal, call.begun, now, state.pool(name).rules, chance)
    state.refresh(name, now.tick)
    new = state.book(name).counters.keys() - counted
    if new and recent:
        state.book(name).backfill(new, (each.booking for each in recent if name in each.pools), now)
        state.changed.add(BOOK + name)
    return penalties.learned != before


def succeeded(state: DomainState, now: Moment, call: Reservation) -> None:
    """Learn from an answer in pools with penalties."""
    for name in call.pools:
        if state.pool(name).penalties.cautious:
            state.penalties(name).succeeded(call.begun, now.tick)
            state.refresh(name, now.tick)


def announced(state: DomainState, now: Moment, call: Reservation, rows: Iterable[Announced]) -> None:
    """Adopt what response headers announce: limits up or down, remaining amounts only down."""
    for row in rows:
        name = row.pool or call.pools[0]
        limit = _limit_of(state.pool(name), row)
        if limit is None:
            continue
        if row.limit is not None and 0 < row.limit <= MAX_AMOUNT:
            limit = Limit(limit.kind, row.limit, limit.window)
            if state.penalties(name).announce(limit):
                state.refresh(name, now.tick)
        if row.remaining is not None:
            _book_foreign_use(state, now, name, limit, row)


def observed_date(state: DomainState, date: int, waited: int, now: int) -> None:
    """Learn the provider's time.

    Args:
        state: The domain.
        date: The answer's ``Date``, in nanoseconds since the epoch.
        waited: Upper bound of the nanoseconds since the request was written.
        now: Tick at which the answer arrived.
    """
    known: ClockSample | None = state.facts.clock
    state.facts.clock = observe(known, date, waited, now)
    state.changed.add(FACTS)


def _limit_of(pool: PoolState, row: Announced) -> Limit | None:
    """The limit that is announced: of the stated window, else a known one of this kind."""
    if row.window is not None:
        known = next((each for _, each, _ in pool.limits if _same(each, row)), None)
        return known or Limit(row.kind, row.limit or 0, row.window)
    return next((limit for _, limit, _ in pool.limits if limit.kind == row.kind), None)


def _same(limit: Limit, row: Announced) -> bool:
    """Whether a known limit is the announced one; headers do not tell sliding windows from buckets."""
    lengths = [getattr(window, "length", window) for window in (limit.window, row.window)]
    return limit.kind == row.kind and lengths[0] == lengths[1]


def _book_foreign_use(state: DomainState, now: Moment, name: str, limit: Limit, row: Announced) -> None:
    """Book what the server has counted beyond our usage: others spend the same quota."""
    pool = state.pool(name)
    counter = next((counter for _, each, counter in pool.limits if each.key == limit.key), None)
    if counter is None or not limit.amount or row.remaining is None or isinstance(limit.window, Held):
        return
    foreign = min(limit.amount, limit.amount - row.remaining) - counter.level(now, limit.amount)
    if foreign <= 0:
        return
    counter.add(_foreign_stamp(now, limit, row), foreign, now)
    state.changed.add(BOOK + name)


def _foreign_stamp(now: Moment, limit: Limit, row: Announced) -> int:
    """A stamp with which foreign usage ages out when the server says that the window resets."""
    window = limit.window
    if not isinstance(window, Sliding) or row.resets_in is None:
        return now.tick
    resets = int(min(max(row.resets_in, 0), _LONGEST_RESET) * NANOSECONDS)
    return min(now.tick, now.tick + resets - window.length)
