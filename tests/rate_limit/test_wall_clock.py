"""What answers tell of the time: read with care, a range that narrows, and steps of this machine's clock."""

from __future__ import annotations

import pytest

from massgen_plugins.quota import NANOSECONDS, Domain
from massgen_plugins.rate_limit.moment import Moment
from massgen_plugins.rate_limit.replica import DomainReplica
from massgen_plugins.rate_limit.stores.memory import MemoryStore
from massgen_plugins.rate_limit.wall_clock import ClockSample, Start, observe, offset_at, read_date

SECOND = NANOSECONDS
DATE = 1_790_000_000 * SECOND
GRAIN = SECOND // 10


def moment(sample: ClockSample | None, tick: int, start: Start) -> Moment:
    """What time it is for a domain of which this is known."""
    store = MemoryStore(lambda: tick)
    store._start = start
    replica = DomainReplica(Domain("gemini", "project"), store, "process", pytest.fail)
    replica.state.facts.clock = sample
    return replica.moment()


def _asked() -> int:
    pytest.fail("the machine's clock was asked")


@pytest.mark.parametrize(
    "text",
    [
        "Mon, 21 Sep 2026 14:13:20 GMT",
        "Monday, 21-Sep-26 14:13:20 GMT",
        "Mon, 21 Sep 2026 14:13:20 +0000",
        "Mon, 21 Sep 2026 16:13:20 +0200",
    ],
)
def test_a_date_is_read(text: str) -> None:
    assert read_date(text) == 1_790_000_000 * SECOND


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "Mon, 99 Sep 2026 14:13:20 GMT",
        "Mon, 21 Sep 2019 14:13:20 GMT",
        "Thu, 01 Jan 2100 00:00:00 GMT",
        "Mon, 21 Sep 99999999999 14:13:20 GMT",
        "Mon, 21 Sep 2026 14:13:20 +99999999999",
        "Mon, 21 Sep 2026 14:13:20 GMT" + " " * 100_000,
        "\x00, 21 Sep 2026 \ud800",
        "1790000000",
    ],
)
def test_a_date_that_is_none_or_cannot_be_true_is_not_believed(text: str) -> None:
    assert read_date(text) is None


def test_the_server_had_its_time_after_the_question_and_before_now() -> None:
    assert observe(None, DATE, 3 * SECOND, 7) == ClockSample(7, DATE, DATE + 4 * SECOND)


def test_a_range_narrows_with_every_answer_and_always_contains_the_truth() -> None:
    """The server is 0.4 s into its second when each answer leaves it, and the way takes ever shorter."""
    known, now, truth = None, 0, DATE + 4 * SECOND // 10
    widths = []
    for way in (2.0, 0.9, 0.5, 0.1):
        step = 60 * SECOND + SECOND // 4
        now, truth = now + step, truth + step
        known = observe(known, truth // SECOND * SECOND, int(way * SECOND), now)
        assert known.early <= truth <= known.late
        widths.append(known.late - known.early)
    assert widths == sorted(widths, reverse=True)
    assert widths[-1] < SECOND < widths[0]


def test_an_answer_that_contradicts_all_before_it_is_believed() -> None:
    known = observe(None, DATE, 0, 0)
    assert observe(known, DATE - 86_400 * SECOND, 0, 60 * SECOND) == observe(
        None, DATE - 86_400 * SECOND, 0, 60 * SECOND
    )


def test_without_an_answer_it_is_the_machines_clock_that_counts() -> None:
    start = Start(0, 0, lambda: 77, DATE)
    assert moment(None, 5, start) == (5, 77, 0)


def test_after_an_answer_the_machines_clock_is_not_even_asked() -> None:
    sample = ClockSample(10, DATE, DATE + SECOND)
    now = moment(sample, 10 + SECOND, Start(0, 0, _asked))
    assert now == (10 + SECOND, DATE + SECOND - GRAIN, SECOND + 2 * GRAIN)


def test_the_longer_nothing_was_told_the_less_is_sure() -> None:
    sample, day = ClockSample(10, DATE, DATE + SECOND), 86_400 * SECOND
    slack = moment(sample, 10 + day, Start(0, 0, _asked)).slack - SECOND
    assert 2 * day / 2000 <= slack <= 2 * day / 2000 + 2 * GRAIN


@pytest.mark.parametrize("wrong", [-90_000, 0, 3_600])
def test_after_a_reboot_it_is_the_machines_time_at_the_opening_and_never_earlier_than_before(
    wrong: int,
) -> None:
    """The machine was off for a minute, and the store is opened a second later."""
    sample = ClockSample(10 * SECOND, DATE, DATE + SECOND)
    opened, truth = 11 * SECOND, DATE + 61 * SECOND
    start = Start(10 * SECOND, opened, _asked, truth + wrong * SECOND)
    now = moment(sample, opened + 5 * SECOND, start)
    known = DATE + 6 * SECOND - GRAIN
    assert (now.wall, now.slack) == (max(known, truth + (wrong + 5) * SECOND), 0)


@pytest.mark.parametrize("waited", [-1, 3_600 * SECOND + 1])
def test_an_answer_to_a_question_that_another_clock_timed_tells_nothing(waited: int) -> None:
    known = ClockSample(10, DATE, DATE + SECOND)
    assert observe(known, DATE + 99 * SECOND, waited, 20) is known
    assert observe(None, DATE, waited, 20) is None


def test_what_was_observed_by_another_clock_does_not_count() -> None:
    sample = ClockSample(DATE, DATE, DATE + SECOND)
    assert moment(sample, 5, Start(-1, 0, lambda: 77)) == (5, 77, 0)
    assert observe(sample, DATE, 0, 5) == ClockSample(5, DATE, DATE + SECOND)


@pytest.mark.parametrize("began", [0, 10**15])
def test_a_pace_says_what_a_moment_says_for_as_long_as_it_is_good(began: int) -> None:
    sample = ClockSample(10, DATE, DATE + SECOND)
    start = Start(began, 5, _asked, DATE)
    now = 10 + 3_000 * SECOND
    clock = offset_at(sample, now, start)
    assert 0 < clock.until - now <= 200 * SECOND
    for at in (now, now + SECOND, clock.until - 1):
        assert moment(sample, at, start) == (at, at + clock.offset, clock.slack)
    goes_on = moment(sample, clock.until, start) == (clock.until, clock.until + clock.offset, clock.slack)
    assert goes_on is (began > 0)
