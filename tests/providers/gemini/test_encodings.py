"""The same facts in other encodings: numbers and durations as gateways and Google's older SDK write them."""

from __future__ import annotations

import pytest

from massgen_plugins.middleware import RefusalKind, StatedLimit
from massgen_plugins.quota import MINUTE, CalendarDay, Kind

DAY = CalendarDay("America/Los_Angeles")
MINUTE_QUOTA = "GenerateRequestsPerMinutePerProjectPerModel-FreeTier"
TEXT_FORMAT = """429 You exceeded your current quota. [violations {
  quota_metric: "generativelanguage.googleapis.com/generate_content_free_tier_requests"
  quota_id: "GenerateRequestsPerDayPerProjectPerModel-FreeTier"
  quota_dimensions {
    key: "model"
    value: "gemini-3.8-flash"
  }
  quota_value: 250
}
, links {
  url: "https://ai.google.dev/gemini-api/docs/rate-limits"
}
, retry_delay {
  seconds: 22
  nanos: 500000000
}
]"""


@pytest.mark.parametrize(
    ("value", "amount"),
    [
        ("60", 60),
        (60, 60),
        (60.0, 60),
        ("60.0", 60),
        ("1,000", 1_000),
        ("-1", None),
        (0.5, None),
        (True, None),
    ],
)
def test_a_limit_in_every_encoding_of_a_number(refused, quota_failure, value, amount):
    seen = refused(quota_failure({"quotaId": MINUTE_QUOTA, "quotaValue": value}))
    assert (seen.kind, list(seen.limits)) == (
        RefusalKind.WINDOW,
        [StatedLimit(Kind.REQUESTS, MINUTE, amount)],
    )


@pytest.mark.parametrize(
    ("delay", "seconds"),
    [
        ("34.5s", 34.5),
        ({"seconds": 34, "nanos": 500_000_000}, 34.5),
        ({"seconds": "34"}, 34),
        ({"nanos": 500_000_000}, 0.5),
        ({"seconds": "soon"}, None),
        ({"seconds": -3}, None),
        ([34], None),
    ],
)
def test_a_delay_in_every_encoding_of_a_duration(refused, delay, seconds):
    retry_info = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay}
    seen = refused({"error": {"code": 429, "message": "quota", "details": [retry_info]}})
    assert seen.retry_after == seconds


def test_an_error_as_the_older_sdk_shows_it(refused):
    day = refused({"detail": TEXT_FORMAT})
    assert (day.kind, day.pool) == (RefusalKind.UNTIL, "gemini-3.8-flash")
    assert list(day.limits) == [StatedLimit(Kind.REQUESTS, DAY, 250)]
    minute = refused({"error": {"code": 429, "message": TEXT_FORMAT.replace("PerDay", "PerMinute")}})
    assert (minute.kind, minute.retry_after) == (RefusalKind.WINDOW, 22.5)
    assert list(minute.limits) == [StatedLimit(Kind.REQUESTS, MINUTE, 250)]


def test_the_moment_counts_where_the_delay_beside_it_is_empty(refused):
    metadata = {"quotaResetDelay": "", "quotaResetTimeStamp": "2026-11-30T03:00:00Z"}
    seen = refused({"error": {"code": 429, "message": "quota", "details": [{"metadata": metadata}]}})
    assert (seen.kind, seen.until) == (RefusalKind.UNTIL, 1_796_007_600)


def test_a_moment_in_prose_is_read(refused):
    seen = refused({"error": {"code": 429, "message": "Quota exceeded. Resets at 2026-11-30T03:00:00Z"}})
    assert (seen.kind, seen.until) == (RefusalKind.UNTIL, 1_796_007_600)


@pytest.mark.parametrize(
    ("quota", "kind"),
    [
        ("online_prediction_requests_per_base_model", Kind.REQUESTS),
        ("online_prediction_input_tokens_per_base_model", Kind.INPUT_TOKENS),
    ],
)
def test_vertex_leaves_the_minute_out(refused, quota, kind):
    words = f"Quota exceeded for aiplatform.googleapis.com/{quota} with base model: gemini-2.5-flash."
    seen = refused({"error": {"code": 429, "message": words}})
    assert (seen.kind, list(seen.limits)) == (RefusalKind.WINDOW, [StatedLimit(kind, MINUTE)])


def test_an_old_service_refuses_with_403(refused):
    reasons = [{"domain": "usageLimits", "reason": "dailyLimitExceeded"}]
    document = {"error": {"code": 403, "message": "Daily Limit Exceeded", "errors": reasons}}
    assert refused(document, status=403).kind is RefusalKind.OVERLOAD
    assert refused({"error": {"code": 403, "message": "API key not valid"}}, status=403) is None
