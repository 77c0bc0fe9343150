"""Estimates: upper bounds that learn within three calls, forecasts, and what is never scaled."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from massgen_plugins.quota import Charge, Kind, Mode
from massgen_plugins.rate_limit.estimator import MAX_AMOUNT, Estimates

INPUT = {Kind.INPUT_TOKENS: Charge(1_000)}
OUTPUT = {Kind.OUTPUT_TOKENS: Charge(1_000, Mode.EXPECTED)}


def learned(charges: dict, *used: int) -> Estimates:
    estimates = Estimates()
    for amount in used:
        estimates.learn(charges, dict.fromkeys(charges, amount))
    return estimates


def test_before_anything_is_known_the_bound_is_booked() -> None:
    assert Estimates().amounts(INPUT) == {Kind.INPUT_TOKENS: 1_000}


def test_after_three_calls_the_bound_follows_what_was_used() -> None:
    assert learned(INPUT, 500, 500).amounts(INPUT)[Kind.INPUT_TOKENS] == 1_000
    assert 500 <= learned(INPUT, 500, 480, 500).amounts(INPUT)[Kind.INPUT_TOKENS] <= 560


def test_a_call_that_took_more_counts_at_once() -> None:
    assert learned(INPUT, 1_500).amounts(INPUT)[Kind.INPUT_TOKENS] >= 1_500


def test_what_was_long_ago_is_forgotten() -> None:
    assert learned(INPUT, 3_000, *[500] * 20).amounts(INPUT)[Kind.INPUT_TOKENS] < 600


def test_a_forecast_is_what_nine_of_ten_calls_stay_below() -> None:
    assert learned(OUTPUT, *range(100, 2_100, 100)).amounts(OUTPUT)[Kind.OUTPUT_TOKENS] == 1_900
    assert learned(OUTPUT, 5_000).amounts(OUTPUT)[Kind.OUTPUT_TOKENS] == 5_000


def test_what_is_kept_and_what_is_counted_by_calls_is_never_scaled() -> None:
    charges = {
        Kind.REQUESTS: Charge(1),
        Kind.CONCURRENT: Charge(1, Mode.KEPT),
        Kind.OUTPUT_TOKENS: Charge(9, Mode.KEPT),
    }
    estimates = learned(charges, *[400] * 5)
    assert estimates.amounts(charges) == {Kind.REQUESTS: 1, Kind.CONCURRENT: 1, Kind.OUTPUT_TOKENS: 9}


def test_it_says_when_something_worth_keeping_was_learned() -> None:
    estimates = Estimates()
    assert [estimates.learn(INPUT, {Kind.INPUT_TOKENS: 500}) for _ in range(4)] == [False, False, True, False]
    assert not estimates.learn(INPUT, {Kind.OUTPUT_TOKENS: 500})


AMOUNTS = st.integers(-(1 << 80), 1 << 80)


@given(
    charges=st.dictionaries(
        st.sampled_from(list(Kind)), st.builds(Charge, AMOUNTS, st.sampled_from(Mode)), max_size=4
    ),
    used=st.lists(st.dictionaries(st.sampled_from(list(Kind)), AMOUNTS, max_size=4), max_size=25),
)
def test_numbers_that_cannot_be_true_are_booked_as_what_can(charges: dict, used: list[dict]) -> None:
    estimates = Estimates()
    for each in used:
        estimates.learn(charges, each)
    assert all(0 <= amount <= MAX_AMOUNT for amount in estimates.amounts(charges).values())
    assert all(0 <= sample <= MAX_AMOUNT for row in estimates.samples.values() for sample in row)
    assert all(len(row) <= 20 for row in estimates.samples.values())


def test_no_less_is_booked_than_the_provider_itself_estimates() -> None:
    charges, estimates = {Kind.INPUT_TOKENS: Charge(1000, least=700)}, Estimates()
    for _ in range(5):
        estimates.learn(charges, {Kind.INPUT_TOKENS: 300})  # the rest came from its cache
    assert estimates.amounts(charges) == {Kind.INPUT_TOKENS: 700}
    estimates.learn(charges, {Kind.INPUT_TOKENS: 800})
    assert estimates.amounts(charges)[Kind.INPUT_TOKENS] > 800
