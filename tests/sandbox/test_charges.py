"""Every rule of charging and settling, in every window that providers use it with."""

from __future__ import annotations

from typing import Any

import pytest

from massgen_plugins.sandbox import (
    Charge,
    Host,
    Pool,
    Price,
    Quota,
    QuotaKind,
    Settlement,
    WindowShape,
    concurrent,
    per_model,
)
from massgen_plugins.sandbox.quotas import NANOSECONDS

TOTAL, INPUT, OUTPUT = QuotaKind.TOTAL_TOKENS, QuotaKind.INPUT_TOKENS, QuotaKind.OUTPUT_TOKENS


def at(seconds: float) -> int:
    return round(seconds * NANOSECONDS)


@pytest.mark.parametrize(
    ("kind", "charge", "amount"),
    [
        (QuotaKind.REQUESTS, None, 1),
        (INPUT, None, 10),
        (INPUT, Charge.ESTIMATED, 25),
        (OUTPUT, None, 0),
        (OUTPUT, Charge.SUM, 70),
        (TOTAL, None, 10),
        (TOTAL, Charge.LARGER, 70),
        (TOTAL, Charge.SUM, 80),
        (TOTAL, Charge.NOTHING, 0),
        (QuotaKind.COST, None, 20),
        (QuotaKind.COST, Charge.SUM, 230),
    ],
)
def test_what_an_arrival_is_charged(
    judge_with: Any, kind: QuotaKind, charge: Charge | None, amount: int
) -> None:
    judge = judge_with(Quota(kind, 1000, charge=charge), prices={"*": Price(2, 3)})
    assert judge.ask(0, output_bound=70, characters=100)
    assert judge.limit().charged == amount


def test_the_larger_one_may_be_the_estimate(judge_with: Any) -> None:
    judge = judge_with(Quota(TOTAL, 1000, charge=Charge.LARGER))
    assert judge.ask(0, output_bound=70, characters=401)
    assert judge.limit().charged == 101


def test_a_request_without_a_bound_is_taken_for_the_largest_answer(judge_with: Any) -> None:
    judge = judge_with(Quota(TOTAL, 1000, charge=Charge.SUM, unbounded=500))
    assert judge.ask(0)
    assert judge.limit().charged == 510
    assert not judge.ask(0)


@pytest.mark.parametrize(
    ("settlement", "output", "charged"),
    [
        (Settlement.KEPT, 20, 80),
        (Settlement.KEPT, 100, 80),
        (Settlement.RAISED, 20, 80),
        (Settlement.RAISED, 100, 110),
        (Settlement.SETTLED, 20, 30),
        (Settlement.SETTLED, 100, 110),
        (Settlement.PRODUCED, 20, 80),
        (Settlement.PRODUCED, 100, 110),
    ],
)
@pytest.mark.parametrize("shape", [WindowShape.SLIDING, WindowShape.FIXED, WindowShape.BUCKET])
def test_what_stays_charged(
    judge_with: Any, settlement: Settlement, output: int, charged: int, shape: WindowShape
) -> None:
    judge = judge_with(Quota(TOTAL, 1000, shape=shape, charge=Charge.SUM, settlement=settlement))
    number = judge.ask(0, output_bound=70)
    judge.end(number, 0, output)
    judge.end(number, 0, output)
    assert judge.limit().charged == charged
    room = 1000 - charged
    assert not judge.ask(0, input_tokens=room + 1, output_bound=0)
    assert judge.ask(0, input_tokens=room, output_bound=0)


def test_what_is_given_back_is_free_at_once_and_what_is_kept_is_not(judge_with: Any) -> None:
    for settlement, free in ((Settlement.SETTLED, True), (Settlement.KEPT, False)):
        judge = judge_with(Quota(TOTAL, 100, charge=Charge.SUM, settlement=settlement))
        judge.end(judge.ask(0, output_bound=80), 1, 5)
        assert bool(judge.ask(2, output_bound=60)) is free


def test_output_counts_from_the_moment_when_it_was_produced(judge_with: Any) -> None:
    judge = judge_with(Quota(OUTPUT, 100))
    number = judge.ask(0)
    judge.referee.produced(number, at(10), 60)
    judge.referee.produced(number, at(40), 130)
    judge.end(number, 40, 130)
    assert judge.limit().charged == 130
    assert judge.limit().fullest == 1.3
    assert not judge.ask(41)
    assert judge.ruling is not None
    assert judge.ruling.violations[0].wait == at(10 + 60 - 41)
    assert judge.ask(70)


def test_output_beyond_a_bucket_is_a_debt(judge_with: Any) -> None:
    judge = judge_with(Quota(OUTPUT, 60, shape=WindowShape.BUCKET))
    judge.end(judge.ask(0), 0, 90)
    assert not judge.ask(30.5)  # 30 s for the debt, and one more for a token
    assert judge.ask(31)


def test_input_read_from_the_cache_is_free_where_it_is(judge_with: Any) -> None:
    for free, charged in ((True, 10 + 2), (False, 20)):
        judge = judge_with(Quota(INPUT, 100, cached_free=free), cached_share=0.8)
        assert judge.ask(0, host=Host.ANTHROPIC)
        assert judge.ask(1, host=Host.ANTHROPIC)
        assert judge.limit().charged == charged
        first, second = judge.referee.report().requests
        assert (first.written_tokens, first.cached_tokens) == (8, 0)
        assert (second.written_tokens, second.cached_tokens) == (0, 8)


def test_places_are_free_when_an_answer_has_left(judge_with: Any) -> None:
    judge = judge_with(concurrent(2))
    first, second = judge.ask(0), judge.ask(0)
    assert first
    assert second
    assert not judge.ask(1)
    assert judge.refused_by == ("concurrent",)
    judge.end(first, 2)
    assert judge.ask(2)
    assert judge.limit().most == 2
    assert judge.referee.report().most_concurrent == 2
    assert judge.limit().charged == 3


def test_a_refused_call_takes_no_place_even_if_refusals_count(judge_with: Any) -> None:
    judge = judge_with(concurrent(1), count_refused=True)
    first = judge.ask(0)
    assert not judge.ask(0)
    judge.end(first, 1)
    assert judge.ask(1)


def test_money_in_flight_is_free_again_when_the_call_is_over(judge_with: Any) -> None:
    quota = Quota(QuotaKind.COST, 300, shape=WindowShape.HELD, charge=Charge.SUM)
    judge = judge_with(quota, prices={"*": Price(1, 2)})
    number = judge.ask(0, output_bound=100)
    assert not judge.ask(0, output_bound=100)
    judge.end(number, 1, 3)
    assert judge.ask(1, output_bound=100)


def test_money_is_counted_in_whole_micro_dollars_and_billed_exactly(judge_with: Any) -> None:
    judge = judge_with(Quota(QuotaKind.COST, 10_000), prices={"m": Price("0.075", "0.3")})
    judge.end(judge.ask(0, input_tokens=11), 1, 7)
    report = judge.referee.report()
    assert str(report.bill) == "2.925"
    assert judge.limit().charged == 3
    assert report.models[0].bill == report.bill


@pytest.mark.parametrize(
    ("quota", "free_after"),
    [
        (Quota(QuotaKind.REQUESTS, 2, window=1), 1),
        (Quota(QuotaKind.REQUESTS, 2, window=10, shape=WindowShape.FIXED), 10),
        (Quota(QuotaKind.REQUESTS, 2, window=60, shape=WindowShape.BUCKET), 30),
        (Quota(QuotaKind.REQUESTS, 2, window=86_400), 86_400),
    ],
)
def test_windows_of_any_length(judge_with: Any, quota: Quota, free_after: float) -> None:
    judge = judge_with(quota)
    assert judge.ask(0)
    assert judge.ask(0)
    assert not judge.ask(free_after - 0.001)
    assert judge.ask(free_after)
    assert judge.limit().refused == 1


def test_a_day_can_be_of_another_zone(judge_with: Any) -> None:
    utc = Quota(QuotaKind.REQUESTS, 1, shape=WindowShape.DAY, zone="UTC")
    judge = judge_with(utc)  # starts at 11:06:40 UTC
    assert judge.ask(0)
    left = 86_400 - 1_795_000_000 % 86_400
    assert not judge.ask(left - 1)
    assert judge.ask(left)


def test_pools_hold_beside_the_limits_of_models_and_only_for_theirs(judge_with: Any) -> None:
    pools = (
        Pool("opus", ("claude-opus-4*",), per_model(rpm=2)),
        Pool("free", ("*:free",), per_model(rpm=1)),
    )
    judge = judge_with(*per_model(rpm=3), pools=pools)
    assert judge.ask(0, model="claude-opus-4-5")
    assert judge.ask(0, model="claude-opus-4-6")
    assert not judge.ask(0, model="claude-opus-4-5")
    assert judge.refused_by == ("opus: requests per 60 s",)
    assert judge.ask(0, model="x/y:free")
    assert not judge.ask(0, model="z:free")
    assert all(judge.ask(0, model="claude-sonnet-5") for _ in range(3))
    assert not judge.ask(0, model="claude-sonnet-5")
    assert judge.refused_by == ("requests per 60 s",)


def test_an_account_is_one_host_and_one_project(judge_with: Any) -> None:
    judge = judge_with(pools=(Pool("account", ("*",), per_model(rpm=1), provider="openrouter"),))
    assert judge.ask(0, host=Host.OPENROUTER, model="a")
    assert not judge.ask(0, host=Host.OPENROUTER, model="b")
    assert judge.ask(0, host=Host.OPENROUTER, model="b", key="other")
    assert judge.ask(0, host=Host.OPENAI, model="b")


def test_other_limits_know_every_charge_of_before(judge_with: Any) -> None:
    judge = judge_with(Quota(TOTAL, 1000, charge=Charge.SUM, settlement=Settlement.SETTLED), concurrent(5))
    judge.end(judge.ask(0, output_bound=500), 1, 5)
    held = judge.ask(2, output_bound=20)
    judge.referee.change_quotas({"*": (Quota(TOTAL, 50, charge=Charge.SUM), concurrent(1))})
    assert judge.limit("total_tokens per 60 s").charged == 510 + 30
    assert not judge.ask(3, output_bound=0)
    assert set(judge.refused_by) == {"total_tokens per 60 s", "concurrent"}
    judge.end(held, 4, 0)
    assert judge.ask(63, output_bound=0)


@pytest.mark.parametrize(
    ("shape", "free_after"),
    [(WindowShape.SLIDING, 7), (WindowShape.FIXED, 7), (WindowShape.BUCKET, 100), (WindowShape.DAY, 46_400)],
)
def test_a_limit_can_begin_partly_spent(judge_with: Any, shape: WindowShape, free_after: float) -> None:
    """The day of the judge's clock ends 75,200 s after its start in Los Angeles, 46,400 s in UTC."""
    quota = Quota(QuotaKind.REQUESTS, 864, window=86_400, shape=shape, phase=7, spent=864, zone="UTC")
    judge = judge_with(quota)
    assert not judge.ask(free_after - 0.001)
    assert judge.ask(free_after)
