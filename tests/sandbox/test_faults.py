"""Faults strike when their rules say so."""

from __future__ import annotations

import pytest

from massgen_plugins.sandbox import Fault, FaultRule, Place
from massgen_plugins.sandbox.faults import FaultPlan


def struck(rule: FaultRule, requests: int, *, model: str = "m", seed: int = 0) -> list[int]:
    plan = FaultPlan([rule], seed)
    return [number for number in range(1, requests + 1) if plan.next(model) is not None]


def test_every_nth_request() -> None:
    assert struck(FaultRule(Fault.INTERNAL, every=3), 10) == [3, 6, 9]


def test_chosen_requests() -> None:
    assert struck(FaultRule(Fault.INTERNAL, nth=(1, 4)), 10) == [1, 4]


def test_a_share_of_the_requests_repeatable_by_seed() -> None:
    rule = FaultRule(Fault.INTERNAL, probability=0.3)
    first = struck(rule, 1000, seed=1)
    assert 200 < len(first) < 400
    assert struck(rule, 1000, seed=1) == first
    assert struck(rule, 1000, seed=2) != first


def test_only_requests_for_the_model_are_counted() -> None:
    plan = FaultPlan([FaultRule(Fault.INTERNAL, model="pro", nth=(2,))], seed=0)
    assert [plan.next(model) is not None for model in ("flash", "pro", "flash", "pro")] == [
        False,
        False,
        False,
        True,
    ]


def test_the_first_rule_that_strikes_wins_and_the_others_go_on_counting() -> None:
    plan = FaultPlan([FaultRule(Fault.INTERNAL, nth=(2,)), FaultRule(Fault.SPEND, every=2)], seed=0)
    faults = [rule.fault if rule else None for rule in (plan.next("m") for _ in range(4))]
    assert faults == [None, Fault.INTERNAL, None, Fault.SPEND]


def test_a_rule_that_never_strikes_is_an_error() -> None:
    with pytest.raises(ValueError, match="never strikes"):
        FaultRule(Fault.INTERNAL)


def test_a_stall_inside_a_stream_is_an_error() -> None:
    with pytest.raises(ValueError, match="headers"):
        FaultRule(Fault.STALL, every=1, place=Place.MID_STREAM)
