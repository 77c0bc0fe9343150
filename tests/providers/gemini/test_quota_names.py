"""Kind A: whichever way a quota is named, its kind and its window are read."""

from __future__ import annotations

import pytest

from massgen_plugins.middleware import RefusalKind, StatedLimit
from massgen_plugins.quota import MINUTE, NANOSECONDS, CalendarDay, CalendarMonth, Kind, Sliding

DAY = CalendarDay("America/Los_Angeles")
ERROR_INFO = "type.googleapis.com/google.rpc.ErrorInfo"


def error_info(**metadata: str) -> dict:
    return {"@type": ERROR_INFO, "reason": "RATE_LIMIT_EXCEEDED", "metadata": metadata}


@pytest.mark.parametrize(
    ("name", "kind", "limit"),
    [
        ("errorinfo_minute_60", RefusalKind.WINDOW, StatedLimit(Kind.REQUESTS, MINUTE, 60)),
        ("errorinfo_per_day", RefusalKind.UNTIL, StatedLimit(Kind.REQUESTS, DAY)),
        ("prose_per_day_only", RefusalKind.UNTIL, StatedLimit(Kind.REQUESTS, DAY)),
        ("vertex_prose_minute", RefusalKind.WINDOW, StatedLimit(Kind.REQUESTS, MINUTE)),
    ],
)
def test_the_cases_from_the_field(refused, name, kind, limit):
    seen = refused(name, "gemini-pro")
    assert (seen.kind, seen.pool, seen.retry_after) == (kind, None, None)
    assert list(seen.limits) == [limit]


def test_the_case_that_names_a_moment_alone(refused):
    seen = refused("quota_reset_delay_only", "gemini-3-pro")
    assert (seen.kind, seen.retry_after) == (RefusalKind.UNTIL, pytest.approx(18_760.463586755))
    assert (seen.until, list(seen.limits)) == (None, [])


@pytest.mark.parametrize(
    "case",
    [
        ("GenerateRequestsPerMinutePerProjectPerModel-FreeTier", Kind.REQUESTS, MINUTE),
        ("GenerateRequestsPerDayPerProjectPerModel-PaidTier2", Kind.REQUESTS, DAY),
        ("GenerateContentInputTokensPerModelPerDay-FreeTier", Kind.INPUT_TOKENS, DAY),
        ("GenerateContentPaidTierInputTokensPerModelPerMinute", Kind.INPUT_TOKENS, MINUTE),
        ("EmbedContentRequestsPerMinutePerUserPerProjectPerModel-FreeTier", Kind.REQUESTS, MINUTE),
        ("EmbedContentRequestsPerDayPerProjectPerModel-FreeTier", Kind.REQUESTS, DAY),
        ("GenerateContentOutputTokensPerMinutePerModel", Kind.OUTPUT_TOKENS, MINUTE),
        ("GenerateRequestsPerHourPerProjectPerModel", Kind.REQUESTS, Sliding(3600 * NANOSECONDS)),
        ("GenerateRequestsPerSecondPerProjectPerModel", Kind.REQUESTS, Sliding(NANOSECONDS)),
        ("GenerateRequestsPerMonthPerModel", Kind.REQUESTS, CalendarMonth("America/Los_Angeles")),
        ("Gemini25FlashRequestsPerDay", Kind.REQUESTS, DAY),
        ("generate_content_input_tokens_per_minute_per_base_model", Kind.INPUT_TOKENS, MINUTE),
    ],
)
def test_a_name_is_read_in_every_place(refused, quota_failure, saying, case):
    quota, kind, window = case
    answers = [
        quota_failure({"quotaId": quota, "quotaValue": "7"}),
        quota_failure({"quotaMetric": f"generativelanguage.googleapis.com/{quota}", "quotaValue": "7"}),
        saying("Quota exceeded.", error_info(quota_limit=quota, quota_limit_value="7")),
        saying("Quota exceeded.", error_info(quota_metric=f"x/{quota}", quota_limit_value="7")),
        saying(f"Quota exceeded for metric: x.googleapis.com/{quota}, limit: 7"),
    ]
    expected = RefusalKind.UNTIL if isinstance(window, CalendarDay | CalendarMonth) else RefusalKind.WINDOW
    for answer in answers:
        seen = refused(answer)
        assert (seen.kind, list(seen.limits)) == (expected, [StatedLimit(kind, window, 7)])


@pytest.mark.parametrize(
    ("words", "limit"),
    [
        (
            "Quota exceeded for quota metric 'Requests' and limit 'Gemini 3 requests per minute per user'.",
            StatedLimit(Kind.REQUESTS, MINUTE),
        ),
        (
            "Quota exceeded for quota metric 'Gemini tokens' and limit 'Input tokens per day per user'.",
            StatedLimit(Kind.INPUT_TOKENS, DAY),
        ),
        (
            "exceeded for a.b/content_input_tokens_per_minute_per_base_model with base model: g.",
            StatedLimit(Kind.INPUT_TOKENS, MINUTE),
        ),
    ],
)
def test_prose_is_read_when_there_is_nothing_else(refused, saying, words, limit):
    assert list(refused(saying(words)).limits) == [limit]


@pytest.mark.parametrize(
    ("metadata", "retry_after", "until"),
    [
        ({"quotaResetDelay": "2h"}, 7_200, None),
        ({"quotaResetTimeStamp": "2026-02-12T08:18:19Z"}, None, 1_770_884_299),
        ({"quotaResetTimeStamp": "2026-02-12T00:18:19-08:00"}, None, 1_770_884_299),
        ({"quotaResetTimeStamp": "2026-02-12T08:18:19"}, None, 1_770_884_299),
        ({"quotaResetDelay": "2h", "quotaResetTimeStamp": "2026-02-12T08:18:19Z"}, 7_200, None),
    ],
)
def test_a_moment_is_read_as_a_length_or_as_a_date(refused, saying, metadata, retry_after, until):
    seen = refused(saying("Your capacity is exhausted.", error_info(**metadata)))
    assert (seen.kind, seen.retry_after, seen.until) == (RefusalKind.UNTIL, retry_after, until)


@pytest.mark.parametrize("stamp", ["soon", "2026-02-12", "", "9" * 50])
def test_a_moment_that_is_none_is_left_out(refused, saying, stamp):
    seen = refused(saying("Your capacity is exhausted.", error_info(quotaResetTimeStamp=stamp)))
    assert (seen.kind, seen.until) == (RefusalKind.OVERLOAD, None)


@pytest.mark.parametrize("value", ["", "many", "-5", "9" * 30, "1.5"])
def test_an_amount_that_is_none_is_left_out(refused, quota_failure, value):
    quota = {"quotaId": "GenerateRequestsPerMinutePerProjectPerModel", "quotaValue": value}
    assert list(refused(quota_failure(quota)).limits) == [StatedLimit(Kind.REQUESTS, MINUTE)]
