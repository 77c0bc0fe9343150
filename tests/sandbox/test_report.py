"""The verdict on what arrived."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from massgen_plugins.sandbox import QuotaKind, RequestRecord, SandboxReport, WindowShape, per_model
from massgen_plugins.sandbox.quotas import NANOSECONDS

QUOTAS = {"*": per_model(rpm=10, tpm=1000)}


def record(number: int, seconds: float, **more: object) -> RequestRecord:
    fields = {"project": "p", "model": "m", "quota_model": "m", "endpoint": "e", "input_tokens": 100}
    known = {"status": 200, "counted": True, **fields, **more}
    return RequestRecord(number=number, arrived_ns=round(seconds * NANOSECONDS), **known)


def report(*records: RequestRecord) -> SandboxReport:
    return SandboxReport(records, QUOTAS)


def test_the_fullest_window_as_a_fraction_of_each_limit() -> None:
    seen = report(*(record(number, second) for number, second in enumerate((0, 1, 2, 59.999, 60.5), 1)))
    assert seen.worst_window(QuotaKind.REQUESTS, 60) == 0.4
    assert seen.worst_window(QuotaKind.INPUT_TOKENS, 60) == 0.4
    assert seen.worst_window(QuotaKind.REQUESTS, 10, limit=1) == 3.0


def test_a_request_one_whole_window_later_is_outside() -> None:
    seen = report(record(1, 0), record(2, 60))
    assert seen.worst_window(QuotaKind.REQUESTS, 60) == 0.1
    closer = report(record(1, 0), record(2, 59.999999999))
    assert closer.worst_window(QuotaKind.REQUESTS, 60) == 0.2


def test_projects_and_models_stand_alone() -> None:
    seen = report(
        record(1, 0), record(2, 0, project="q"), record(3, 0, quota_model="n"), record(4, 0, quota_model="n")
    )
    assert seen.worst_window(QuotaKind.REQUESTS, 60) == 0.2
    assert seen.worst_window(QuotaKind.REQUESTS, 60, model="m") == 0.1


def test_refused_requests_count_only_when_asked_for() -> None:
    seen = report(record(1, 0), record(2, 1, status=429, counted=False, refused_by=("q",)))
    assert seen.worst_window(QuotaKind.REQUESTS, 60) == 0.1
    assert seen.worst_window(QuotaKind.REQUESTS, 60, with_refused=True) == 0.2


def test_a_window_without_a_limit_is_an_error_and_an_empty_report_is_not() -> None:
    with pytest.raises(ValueError, match="no limit"):
        report(record(1, 0)).worst_window(QuotaKind.REQUESTS, 61)
    assert report().worst_window(QuotaKind.REQUESTS, 61) == 0.0
    assert (report().first_arrival, report().last_arrival, report().last_latency) == (None, None, 0.0)


def test_a_day_is_not_taken_for_a_minute() -> None:
    quotas = {"*": per_model(rpd=20)}
    assert quotas["*"][0].shape is WindowShape.DAY
    with pytest.raises(ValueError, match="no limit"):
        SandboxReport((record(1, 0),), quotas).worst_window(QuotaKind.REQUESTS, 60)


def test_totals() -> None:
    seen = report(
        record(1, 1.5, output_tokens=7),
        record(2, 2, status=429, counted=False, refused_by=("q",)),
        record(3, 3, status=500),
        record(4, 4, quota_model="n", finished_ns=round(4.25 * NANOSECONDS)),
    )
    assert (seen.arrived, seen.served, seen.refused) == (4, 2, 1)
    assert seen.input_tokens == {"m": 100, "n": 100}
    assert seen.output_tokens == {"m": 7, "n": 0}
    assert (seen.first_arrival, seen.last_arrival, seen.last_latency) == (1.5, 4.0, 0.25)


@given(
    arrivals=st.lists(st.tuples(st.integers(0, 40), st.integers(0, 5)), min_size=1, max_size=25),
    length=st.integers(1, 15),
)
def test_no_window_is_fuller_than_the_worst(arrivals: list[tuple[int, int]], length: int) -> None:
    records = [record(n, 0, input_tokens=tokens) for n, (_, tokens) in enumerate(arrivals, 1)]
    placed = [
        RequestRecord(**{**vars(one), "arrived_ns": at})
        for one, (at, _) in zip(records, arrivals, strict=True)
    ]
    worst = max(sum(t for at, t in arrivals if end - length < at <= end) for end in range(60))
    seen = SandboxReport(tuple(placed)).worst_window(QuotaKind.INPUT_TOKENS, length / NANOSECONDS, limit=1)
    assert seen == worst


def test_what_each_project_did_with_each_model() -> None:
    seen = report(
        record(1, 0, finished_ns=5 * NANOSECONDS, cost=Decimal("2.5"), output_tokens=7),
        record(2, 1, finished_ns=3 * NANOSECONDS, cost=Decimal("0.5"), cached_tokens=4),
        record(3, 2, refused_by=("requests per 60 s",), counted=False, status=429),
        record(4, 3, host="openai", fault="overloaded", finished_ns=4 * NANOSECONDS),
    )
    gemini, openai = seen.models
    assert (gemini.arrived, gemini.served, gemini.refused) == (3, 2, 1)
    assert gemini.refusals == seen.refusals == {"requests per 60 s": 1}
    assert seen.faults == {"overloaded": 1}
    assert (gemini.input_tokens, gemini.cached_tokens, gemini.output_tokens) == (200, 4, 7)
    assert gemini.bill == seen.bill == 3
    assert (gemini.most_concurrent, openai.most_concurrent, seen.most_concurrent) == (2, 1, 2)
    assert json.loads(seen.to_json())["totals"]["bill"] == "3.0"
    assert SandboxReport.from_json(seen.to_json()) == seen


def test_windows_of_output_and_money_use_what_was_truly_used() -> None:
    seen = report(record(1, 0, output_tokens=30, cost=Decimal("1.5")), record(2, 1, output_tokens=20))
    assert seen.worst_window(QuotaKind.OUTPUT_TOKENS, 60, limit=100) == 0.5
    assert seen.worst_window(QuotaKind.TOTAL_TOKENS, 60, limit=100) == 2.5
    assert seen.worst_window(QuotaKind.COST, 60, limit=4) == 0.5
    with pytest.raises(KeyError, match="no limit 'lunch'"):
        seen.limit("lunch")
