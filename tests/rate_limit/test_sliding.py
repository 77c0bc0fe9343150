"""A sliding window against a list that remembers everything."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from massgen_plugins.quota import MINUTE, NANOSECONDS, CalendarDay, Kind, Limit, Sliding
from massgen_plugins.rate_limit.hold import NOT_YET, Booked, Page
from massgen_plugins.rate_limit.lanes import GUARD, WIDTH, Lanes, pack, unpack
from massgen_plugins.rate_limit.ledger import Ledger, Moment
from massgen_plugins.rate_limit.sliding import SlidingWindow

LENGTH, MARGIN, STEPS = 60_000, 2_000, 500
STEP = 1 << (LENGTH // STEPS).bit_length()
MASK, GUARDS = (1 << 2 * WIDTH) - 1, pack([GUARD, GUARD])

scripts = st.lists(
    st.tuples(
        st.sampled_from(["add", "stamp", "settle", "advance"]),
        st.integers(0, 2 * LENGTH),  # by how much time goes on, or which call is meant
        st.integers(0, MARGIN),  # how far in the future it is stamped
        st.integers(0, 1_000_000),
    ),
    max_size=80,
)


PAGE = Page(Lanes([]), {})


def booked(stamp: int, amount: int) -> Booked:
    """A call without an answer that is stamped so."""
    return stamp - MARGIN, NOT_YET, pack([amount, 1])


class Reference:
    """Remembers every call: its stamp and what it took."""

    def __init__(self) -> None:
        self.calls: list[list[int]] = []

    def used(self, now: int) -> int:
        return sum(amount for stamp, amount in self.calls if stamp > now - LENGTH)


def play(script) -> list[tuple[int, int, int]]:
    """After each step: what the window counts, and what the reference counts now and one step ago."""
    window, reference, now, counted, triples = (
        SlidingWindow(LENGTH, MARGIN, 0, MASK, GUARDS, STEPS),
        Reference(),
        10 * LENGTH,
        0,
        [],
    )
    begun: dict[int, int] = {}
    for action, span, future, amount in script:
        alive = [call for call in reference.calls if call[0] > now - LENGTH]
        if action == "advance":
            now += span
        elif action == "add":
            window.add(now + future, pack([amount, 1]))
            counted += amount
            reference.calls.append([now + future, amount])
            begun[id(reference.calls[-1])] = now
        elif alive:
            call = alive[span % len(alive)]
            stamp = max(call[0] - future, begun[id(call)]) if action == "stamp" else call[0]
            after = amount if action == "settle" else call[1]
            before, now_booked = booked(call[0], call[1]), booked(stamp, after)
            counted -= unpack(GUARDS + window.move([(before, now_booked, PAGE)]), 1)[0] - GUARD
            call[:] = stamp, after
        counted -= unpack(window.age(now), 1)[0]
        triples.append((counted, reference.used(now), reference.used(now - STEP)))
    return triples


@given(scripts)
def test_it_never_counts_less_than_was_spent(script) -> None:
    assert all(counted >= exact for counted, exact, _ in play(script))


@given(st.lists(st.tuples(st.integers(STEP, 3 * STEP), st.integers(1, 1_000_000)), max_size=60))
def test_calls_that_have_their_cells_to_themselves_are_counted_exactly(entries) -> None:
    script = []
    for pause, amount in entries:
        script += [("advance", pause, 0, 0), ("add", 0, 0, amount)]
    script += [("advance", 977, 0, 0)] * 80
    assert all(counted == exact for counted, exact, _ in play(script))


@given(
    st.lists(st.tuples(st.integers(0, LENGTH - 1), st.integers(1, 9)), min_size=1, max_size=40),
    st.integers(1, 300),
)
def test_it_tells_when_enough_will_be_free(entries, missing) -> None:
    now = 10 * LENGTH
    window = SlidingWindow(LENGTH, MARGIN, 0, MASK, GUARDS, STEPS)
    window.age(now - LENGTH)
    for back, amount in sorted(entries, reverse=True):
        window.add(now - back, pack([amount, 1]))
    window.age(now)
    missing = min(missing, sum(amount for _, amount in entries))
    when = window.frees_at(GUARDS - missing, now)
    assert unpack(window.age(when - 1), 1)[0] < missing or when == now
    assert unpack(window.age(when), 1)[0] > 0


def test_a_call_that_shares_its_cell_is_free_at_most_one_step_late() -> None:
    length = 60 * NANOSECONDS
    window = SlidingWindow(length, 2 * NANOSECONDS, 0, MASK, GUARDS, 500)
    step = 1 << (length // 500).bit_length()
    start, used = 10**12, 30_000
    window.age(start)
    for call in range(30_000):
        window.add(start + call * 2_000_000, 1)
    for number in range(1, 500):
        now = start + length + number * 110_000_000
        used -= window.age(now)
        exact = sum(1 for call in range(30_000) if start + call * 2_000_000 > now - length)
        assert exact <= used <= exact + step // 2_000_000 + 1


KINDS = list(Kind)


@pytest.mark.parametrize("kinds", [2, 5])
@pytest.mark.parametrize(
    "spans", [[MINUTE], [MINUTE, Sliding(86_400 * NANOSECONDS)], [Sliding(10**9), MINUTE]]
)
def test_memory_is_constant_whatever_the_limits_are(kinds: int, spans: list[Sliding]) -> None:
    limits = [Limit(kind, 10**12, span) for span in spans for kind in KINDS[:kinds]]
    ledger = Ledger([*limits, Limit(Kind.REQUESTS, 350_000, CalendarDay("America/Los_Angeles"))])
    amounts = dict.fromkeys(KINDS, 4_000_000)
    tick = 10**15
    ledger.advance(Moment(tick, tick))
    for _ in range(40_000):  # 30,000 a minute, until the window is full and has turned
        tick += 2_000_000
        ledger.advance(Moment(tick, tick))
        ledger.take(tick, amounts)
    assert sum(map(_size, ledger._windows)) <= 64 * 1024


def _size(window: SlidingWindow) -> int:
    cells = sum(sys.getsizeof(cell) for cell in window._cells if cell)
    return sys.getsizeof(window._cells) + sys.getsizeof(window._stamps) + cells


def test_what_is_kept_is_loaded_as_it_was_and_damage_is_noticed() -> None:
    window = SlidingWindow(LENGTH, MARGIN, 0, MASK, GUARDS, STEPS)
    now = 10 * LENGTH
    window.age(now - LENGTH)
    for back in (50_000, 9, 5):
        window.add(now - back, pack([3, 4]))
    kept = list(window.cells())
    other = SlidingWindow(LENGTH, MARGIN, 0, MASK, GUARDS, STEPS)
    other.fill(kept)
    assert list(other.cells()) == kept
    for damaged in (kept[::-1], [*kept, (now * 9, 1)]):
        with pytest.raises(ValueError, match="damaged"):
            SlidingWindow(LENGTH, MARGIN, 0, MASK, GUARDS, STEPS).fill(damaged)
