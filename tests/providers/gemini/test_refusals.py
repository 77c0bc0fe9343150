"""What each shape of refusal that Gemini was seen to send is read as."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from massgen_plugins.middleware import RefusalKind, StatedLimit
from massgen_plugins.providers.gemini import GeminiProvider
from massgen_plugins.providers.gemini.advice import NO_ACCESS, NO_CREDIT, SPENDING_CAP
from massgen_plugins.quota import Kind

GEMINI = GeminiProvider()
BODIES = Path(__file__).parent / "refusals"


def body(name: str) -> bytes:
    return (BODIES / f"{name}.json").read_bytes()


def refusal(name: str, status: int = 429, **headers: str):
    names = {key.replace("_", "-"): value for key, value in headers.items()}
    return GEMINI.read_refusal(status, names, body(name))


@pytest.mark.parametrize(
    ("name", "retry_after", "limits"),
    [
        ("minute_tokens_free", 26, [StatedLimit(Kind.INPUT_TOKENS, per_day=False, amount=250_000)]),
        ("minute_requests_free_without_value", 42.926, [StatedLimit(Kind.REQUESTS, per_day=False)]),
        ("minute_tokens_tier_2", 51.386192716, [StatedLimit(Kind.INPUT_TOKENS, False, 3_000_000)]),
        (
            "several_of_a_minute",
            59.9,
            [StatedLimit(Kind.REQUESTS, False, 5), StatedLimit(Kind.INPUT_TOKENS, False, 250_000)],
        ),
    ],
)
def test_a_spent_minute_gives_the_larger_hint_and_the_limits(name, retry_after, limits):
    seen = refusal(name)
    assert seen.kind is RefusalKind.MINUTE
    assert seen.retry_after == pytest.approx(retry_after)
    assert list(seen.limits) == limits


def test_the_hint_of_a_spent_day_is_believed_when_it_is_paid_for():
    seen = refusal("day_requests_tier_1")
    assert seen.kind is RefusalKind.DAY
    assert seen.retry_after == pytest.approx(72_193.257628674)
    assert list(seen.limits) == [StatedLimit(Kind.REQUESTS, per_day=True, amount=1000)]


def test_the_hint_of_a_spent_day_is_not_believed_on_the_free_tier():
    seen = refusal("day_requests_free")
    assert (seen.kind, seen.retry_after) == (RefusalKind.DAY, None)
    assert list(seen.limits) == [StatedLimit(Kind.REQUESTS, per_day=True, amount=20)]


@pytest.mark.parametrize(
    ("name", "advice"),
    [("no_access_several", NO_ACCESS), ("prepaid_empty", NO_CREDIT), ("spending_cap", SPENDING_CAP)],
)
def test_what_waiting_never_cures_comes_with_advice(name, advice):
    seen = refusal(name)
    assert (seen.kind, seen.retry_after, seen.advice) == (RefusalKind.PERMANENT, None, advice)


@pytest.mark.parametrize("value", ["0", None])
def test_a_limit_of_zero_is_permanent_stated_or_left_out(value):
    document = json.loads(body("day_requests_free"))
    error = document["error"]
    violation = error["details"][1]["violations"][0]
    del violation["quotaValue"]
    if value is None:
        error["message"] = error["message"].replace("limit: 20", "limit: 0")
    else:
        violation["quotaValue"] = value
    seen = GEMINI.read_refusal(429, {}, json.dumps(document).encode())
    assert seen.kind is RefusalKind.PERMANENT


def test_the_prose_gives_the_limit_when_the_details_leave_it_out():
    document = json.loads(body("minute_tokens_tier_2"))
    del document["error"]["details"][1]["violations"][0]["quotaValue"]
    assert GEMINI.read_refusal(429, {}, json.dumps(document).encode()).limits[0].amount == 3_000_000
    del document["error"]["details"]
    seen = GEMINI.read_refusal(429, {}, json.dumps(document).encode())
    assert (seen.kind, seen.retry_after) == (RefusalKind.MINUTE, pytest.approx(51.386192716))


def test_a_quota_of_a_tool_teaches_nothing_about_the_model():
    document = json.loads(body("day_requests_tier_1"))
    document["error"]["details"][1]["violations"][0]["quotaId"] = "SearchGroundingRequestsPerDayPerProject"
    seen = GEMINI.read_refusal(429, {}, json.dumps(document).encode())
    assert (seen.kind, list(seen.limits)) == (RefusalKind.DAY, [])


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("no_details", 429),
        ("help_only", 429),
        ("spend_based", 429),
        ("vertex_shared_quota", 429),
        ("overloaded", 503),
        ("overloaded", 529),
    ],
)
def test_a_busy_server_and_a_refusal_that_says_nothing_are_overload(name, status):
    seen = refusal(name, status)
    assert (seen.kind, seen.retry_after, list(seen.limits)) == (RefusalKind.OVERLOAD, None, [])


def test_a_proxys_retry_after_header_is_a_hint_too():
    assert refusal("overloaded", 503, retry_after="30").retry_after == 30
    assert refusal("minute_tokens_free", retry_after="10").retry_after == 26


@pytest.mark.parametrize("status", [400, 401, 403, 404, 500, 504])
def test_a_wrong_request_a_missing_right_and_a_fault_are_no_refusals(status):
    assert refusal("bad_request", status) is None
    assert refusal("internal", status) is None


@pytest.mark.parametrize(
    "wrapping", ["%s", "[%s]", "[%s\n,", "data: %s\r\n\r\n", "event: error\ndata:%s\n\n"]
)
@pytest.mark.parametrize("name", ["minute_tokens_free", "overloaded"])
def test_a_refusal_hides_in_a_stream_that_began_well(name, wrapping):
    compact = json.dumps(json.loads(body(name)))
    seen = GEMINI.read_refusal(200, {}, (wrapping % compact).encode())
    assert seen == refusal(name, json.loads(compact)["error"]["code"])


@pytest.mark.parametrize(
    "event",
    [
        b'data: {"candidates": [{"content": {"parts": [{"text": "Hi"}]}}]}\r\n\r\n',
        b'data: {"candidates": [{"text": "{\\"error\\": {\\"code\\": 429}}"}]}\r\n\r\n',
        b'data: {"candidates": [{"args": {"error": {"code": 429}}}]}\r\n\r\n',
        b'data: {"error": {"code": 500, "status": "INTERNAL"}}\r\n\r\n',
        b"",
    ],
)
def test_an_ordinary_first_event_is_no_refusal(event):
    assert GEMINI.read_refusal(200, {}, event) is None


@pytest.mark.parametrize(
    "text", [b"", b"<html>busy</html>", b'{"error": "Too many requests"}', b"[[[[" * 50_000]
)
def test_a_refusal_that_cannot_be_read_is_overload(text):
    assert GEMINI.read_refusal(429, {}, text).kind is RefusalKind.OVERLOAD


def test_payment_required_is_permanent():
    assert GEMINI.read_refusal(402, {}, b"").advice == NO_CREDIT
