"""What each shape of refusal that Gemini was seen to send is read as."""

from __future__ import annotations

import json

import pytest

from massgen_plugins.middleware import RefusalKind, StatedLimit
from massgen_plugins.providers.gemini.advice import NO_ACCESS, NO_CREDIT, NO_REASON, SPENDING_CAP, TOO_LARGE
from massgen_plugins.quota import ACCOUNT_POOL, MINUTE, NANOSECONDS, CalendarDay, Kind, Sliding

PACIFIC_DAY = CalendarDay("America/Los_Angeles")


@pytest.mark.parametrize(
    ("name", "model", "retry_after", "limits"),
    [
        (
            "minute_tokens_free",
            "gemini-2.5-flash",
            26,
            [StatedLimit(Kind.INPUT_TOKENS, MINUTE, 250_000)],
        ),
        (
            "minute_requests_free_without_value",
            "gemini-2.5-flash",
            42.926,
            [StatedLimit(Kind.REQUESTS, MINUTE)],
        ),
        (
            "minute_tokens_tier_2",
            "gemini-3.8-flash",
            51.386192716,
            [StatedLimit(Kind.INPUT_TOKENS, MINUTE, 3_000_000)],
        ),
        (
            "several_of_a_minute",
            "gemini-2.5-flash",
            59.9,
            [StatedLimit(Kind.REQUESTS, MINUTE, 5), StatedLimit(Kind.INPUT_TOKENS, MINUTE, 250_000)],
        ),
    ],
)
def test_a_spent_minute_gives_the_larger_hint_and_the_limits(refused, name, model, retry_after, limits):
    seen = refused(name, model)
    assert (seen.kind, seen.pool) == (RefusalKind.WINDOW, None)
    assert seen.retry_after == pytest.approx(retry_after)
    assert list(seen.limits) == limits


def test_the_hint_of_a_spent_day_is_believed_when_it_is_paid_for(refused):
    seen = refused("day_requests_tier_1", "gemini-3.1-flash-lite-image")
    assert (seen.kind, seen.pool) == (RefusalKind.UNTIL, None)
    assert seen.retry_after == pytest.approx(72_193.257628674)
    assert list(seen.limits) == [StatedLimit(Kind.REQUESTS, PACIFIC_DAY, 1000)]


def test_the_hint_of_a_spent_day_is_not_believed_on_the_free_tier(refused):
    seen = refused("day_requests_free", "gemini-3.5-flash")
    assert (seen.kind, seen.retry_after, seen.pool) == (RefusalKind.UNTIL, None, None)
    assert list(seen.limits) == [StatedLimit(Kind.REQUESTS, PACIFIC_DAY, 20)]


@pytest.mark.parametrize(
    ("name", "pool", "advice"),
    [
        ("no_access_several", None, NO_ACCESS),
        ("prepaid_empty", ACCOUNT_POOL, NO_CREDIT),
        ("spending_cap", ACCOUNT_POOL, SPENDING_CAP),
    ],
)
def test_what_waiting_never_cures_comes_with_advice(refused, name, pool, advice):
    seen = refused(name, "gemini-2.0-flash")
    assert (seen.kind, seen.retry_after, seen.pool) == (RefusalKind.PERMANENT, None, pool)
    assert seen.advice == advice


@pytest.mark.parametrize(
    "words",
    ["Prepaid accounts have the limits of their tier.", "The pool of this region is depleted for now."],
)
def test_credit_is_gone_only_when_both_is_said(refused, saying, words):
    assert refused(saying(words)).kind is RefusalKind.OVERLOAD


def test_the_prose_gives_the_limit_when_the_details_leave_it_out(refused, body):
    document = json.loads(body("minute_tokens_tier_2"))
    del document["error"]["details"][1]["violations"][0]["quotaValue"]
    assert refused(document).limits[0].amount == 3_000_000
    del document["error"]["details"]
    seen = refused(document)
    assert (seen.kind, seen.retry_after) == (RefusalKind.WINDOW, pytest.approx(51.386192716))


@pytest.mark.parametrize(
    ("words", "amount"),
    [
        ("Your spending rate has exceeded the allowed limit.", None),
        ("You exceeded your spend-based rate limit of $10 in 10 minutes.", 10_000_000),
        ("You exceeded your spend-based rate limit ($ 2.50).", 2_500_000),
    ],
)
def test_money_spent_too_fast_closes_a_window_of_ten_minutes_for_the_account(refused, saying, words, amount):
    seen = refused(saying(words))
    assert (seen.kind, seen.pool, seen.advice) == (RefusalKind.WINDOW, ACCOUNT_POOL, "")
    assert list(seen.limits) == [StatedLimit(Kind.COST, Sliding(600 * NANOSECONDS), amount)]


def test_the_recorded_words_of_the_spending_window_name_no_amount(refused):
    assert [limit.amount for limit in refused("spend_based").limits] == [None]


@pytest.mark.parametrize(
    "words",
    [
        "Request too large: it needs more tokens than the limit of a minute.",
        "Quota exceeded for input tokens per minute: Limit 250000, Requested 310000.",
        "Requested: 310000 tokens, limit: 250000 tokens per minute.",
        "The input token count (1200000) exceeds what is allowed per minute.",
    ],
)
def test_a_request_larger_than_a_limit_concerns_itself_alone(refused, saying, words):
    seen = refused(saying(words))
    assert (seen.kind, seen.advice) == (RefusalKind.CALL, TOO_LARGE)


@pytest.mark.parametrize(
    "words",
    ["Limit 250000, Used 240000, Requested 20000.", "Your request exceeds the limit of 5 per minute."],
)
def test_a_request_that_fits_another_time_is_not_too_large(refused, saying, words):
    assert refused(saying(words)).kind is not RefusalKind.CALL


def test_a_request_too_large_states_the_limit_that_it_is_larger_than(refused, quota_failure):
    violation = {"quotaId": "GenerateContentInputTokensPerModelPerMinute-FreeTier", "quotaValue": "250000"}
    seen = refused(quota_failure(violation, message="Request too large.", delay="1s"))
    assert (seen.kind, seen.retry_after) == (RefusalKind.CALL, None)
    assert list(seen.limits) == [StatedLimit(Kind.INPUT_TOKENS, MINUTE, 250_000)]


@pytest.mark.parametrize(
    ("name", "status", "advice"),
    [
        ("no_details", 429, NO_REASON),
        ("help_only", 429, NO_REASON),
        ("vertex_shared_quota", 429, NO_REASON),
        ("overloaded", 503, ""),
        ("overloaded", 529, ""),
    ],
)
def test_a_busy_server_and_a_refusal_that_says_nothing_are_overload(refused, name, status, advice):
    seen = refused(name, status=status)
    assert (seen.kind, seen.retry_after, list(seen.limits)) == (RefusalKind.OVERLOAD, None, [])
    assert seen.advice == advice


@pytest.mark.parametrize("status", [400, 401, 403, 404, 500, 504])
def test_a_wrong_request_a_missing_right_and_a_fault_are_no_refusals(refused, status):
    assert refused("bad_request", status=status) is None
    assert refused("internal", status=status) is None


@pytest.mark.parametrize(
    "text", [b"", b"<html>busy</html>", b'{"error": "Too many requests"}', b"[[[[" * 50_000]
)
def test_a_refusal_that_cannot_be_read_is_overload(refused, text):
    assert refused(text).kind is RefusalKind.OVERLOAD


def test_payment_required_is_permanent(refused):
    assert refused(b"", status=402).advice == NO_CREDIT


@pytest.mark.parametrize("reason", ["rateLimitExceeded", "userRateLimitExceeded", "quotaExceeded"])
def test_googles_older_services_refuse_with_403(refused, reason):
    error = {"message": "Quota exceeded.", "errors": [{"reason": reason, "domain": "usageLimits"}]}
    assert refused({"error": error}, status=403).kind is RefusalKind.OVERLOAD
