"""A sliding window against a list that remembers everything."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from massgen_plugins.quota import Kind, Limit, Sliding
from massgen_plugins.rate_limit import sliding
from massgen_plugins.rate_limit.meter import Meter
from massgen_plugins.rate_limit.sliding import EXACT, GRID, SlidingWindow

LENGTH = 60_000

steps = st.lists(
    st.tuples(
        st.sampled_from(["add", "remove", "advance"]),
        st.integers(0, 3 * LENGTH),  # by how much time goes on, or how far back an entry is taken
        st.integers(0, 2_000),  # how far in the future it is stamped
        st.integers(0, 1_000_000),
    ),
    max_size=60,
)


def window(length: int = LENGTH, columns: int = 1) -> SlidingWindow:
    limits = [Limit(Kind.REQUESTS, 10**12, Sliding(length)) for _ in range(columns)]
    return SlidingWindow(length, 0, [Meter(limit, index) for index, limit in enumerate(limits)])


def used(log: SlidingWindow) -> int:
    return log.meters[0].used


class Reference:
    """Remembers every stamp."""

    def __init__(self) -> None:
        self.entries: list[tuple[int, int]] = []

    def used(self, now: int) -> int:
        return sum(amount for stamp, amount in self.entries if stamp > now - LENGTH)


def play(script, log: SlidingWindow) -> list[tuple[int, int]]:
    """Pairs of (used by the log, used by the reference) after each step."""
    reference, now, pairs = Reference(), 10 * LENGTH, []
    for action, span, future, amount in script:
        if action == "advance":
            now += span
        elif action == "add":
            log.add(now + future, [amount])
            reference.entries.append((now + future, amount))
        elif reference.entries:
            entry = reference.entries[span % len(reference.entries)]
            alive = entry[0] > now - LENGTH
            log.move(entry[0], [entry[1]], entry[0], [0])
            if alive:
                reference.entries.remove(entry)
        log.advance(now)
        pairs.append((used(log), reference.used(now)))
    return pairs


@given(steps)
def test_a_small_window_is_exact(script) -> None:
    assert all(counted == expected for counted, expected in play(script, window()))


@given(steps)
def test_a_coalesced_window_never_counts_less_than_was_spent(script) -> None:
    log = window()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sliding, "EXACT", 3)
        assert all(counted >= expected for counted, expected in play(script, log))


@given(
    st.lists(st.tuples(st.integers(0, LENGTH), st.integers(1, 9)), min_size=1, max_size=40),
    st.integers(1, 300),
)
def test_it_tells_when_enough_will_be_free(entries, excess) -> None:
    now = 10 * LENGTH
    log = window()
    for back, amount in entries:
        log.add(now - back, [amount])
    log.advance(now)
    before = used(log)
    wanted = min(excess, before)
    when = log.frees_at([wanted], now)
    log.advance(when)
    assert before - used(log) >= wanted
    if when > now:
        assert when - 1 >= now
        earlier = window()
        earlier.load(*log_at(entries, now).dump())
        earlier.advance(when - 1)
        assert before - used(earlier) < wanted


def log_at(entries, now: int) -> SlidingWindow:
    log = window()
    for back, amount in entries:
        log.add(now - back, [amount])
    log.advance(now)
    return log


def test_memory_is_bounded_whatever_the_limit_is() -> None:
    log = window(60 * 10**9, 2)
    for call in range(100_000):
        now = 10**12 + call * 2_000_000  # 30,000 a minute
        log.advance(now)
        log.add(now, [1, 4_000])
    _, cells = log.dump()
    assert len(cells) <= (EXACT + GRID + 2) * 3 * 8
    assert [meter.used for meter in log.meters] == [30_000, 120_000_000]


def test_a_coalesced_window_frees_a_call_at_most_one_grid_step_late() -> None:
    log = window(60 * 10**9)
    start = 10**12
    for call in range(30_000):
        log.add(start + call * 2_000_000, [1])
    for step in range(1, 500):
        now = start + 60 * 10**9 + step * 120_000_000
        log.advance(now)
        exact = sum(1 for call in range(30_000) if start + call * 2_000_000 > now - 60 * 10**9)
        assert exact <= used(log) <= exact + 30_000 // GRID


def test_a_dump_is_loaded_as_it_was_and_damage_is_noticed() -> None:
    log = log_at([(5, 3), (9, 4)], 10 * LENGTH)
    horizon, cells = log.dump()
    other = window()
    other.load(horizon, cells)
    assert (used(other), other.dump()) == (used(log), log.dump())
    for damaged in (
        cells[:-8],
        cells + cells,
        cells[8:16] + cells[:8] + cells[16:],
        b"12345678" + b"\xff" * 24,
    ):
        with pytest.raises(ValueError, match=r"damaged|multiple"):
            window().load(horizon, damaged)
