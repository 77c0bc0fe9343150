"""Kind B: a limit of zero is never cured by waiting, whichever way it is said or left unsaid."""

from __future__ import annotations

import itertools
import json

import pytest

from massgen_plugins.middleware import RefusalKind
from massgen_plugins.providers.gemini.advice import NO_ACCESS

DAY = "GenerateRequestsPerDayPerProjectPerModel-FreeTier"
MINUTE = "GenerateRequestsPerMinutePerProjectPerModel-FreeTier"
TOKENS_OF_A_MINUTE = "GenerateContentInputTokensPerModelPerMinute-FreeTier"
TOKENS_OF_A_DAY = "GenerateContentInputTokensPerModelPerDay-FreeTier"


def test_the_case_from_the_field(refused):
    seen = refused("no_free_tier_named_in_prose", "gemini-2.5-pro-preview-03-25")
    assert (seen.kind, seen.retry_after, seen.advice) == (RefusalKind.PERMANENT, None, NO_ACCESS)
    assert seen.pool is None  # the model that it names may be used


@pytest.mark.parametrize(
    "names",
    [
        (DAY, MINUTE),
        (DAY, TOKENS_OF_A_MINUTE),
        (TOKENS_OF_A_DAY, MINUTE),
        *itertools.permutations((DAY, MINUTE, TOKENS_OF_A_MINUTE)),
    ],
)
def test_several_windows_without_any_value_mean_zero(refused, quota_failure, names):
    seen = refused(quota_failure(*names, delay="47s"))
    assert (seen.kind, seen.advice, seen.retry_after) == (RefusalKind.PERMANENT, NO_ACCESS, None)


@pytest.mark.parametrize("name", [DAY, TOKENS_OF_A_DAY])
def test_one_day_without_a_value_is_a_spent_day(refused, quota_failure, name):
    assert refused(quota_failure(name, delay="5s")).kind is RefusalKind.UNTIL
    assert refused(quota_failure(name, name)).kind is RefusalKind.UNTIL


def test_two_kinds_of_one_window_without_a_value_are_a_spent_window(refused, quota_failure):
    assert refused(quota_failure(MINUTE, TOKENS_OF_A_MINUTE, delay="47s")).kind is RefusalKind.WINDOW
    assert refused(quota_failure(DAY, TOKENS_OF_A_DAY)).kind is RefusalKind.UNTIL


def test_several_windows_with_values_are_a_spent_day(refused, quota_failure):
    answer = quota_failure({"quotaId": DAY, "quotaValue": "20"}, {"quotaId": MINUTE, "quotaValue": "5"})
    seen = refused(answer)
    assert (seen.kind, [limit.amount for limit in seen.limits]) == (RefusalKind.UNTIL, [20, 5])


@pytest.mark.parametrize("value", ["0", 0, None])
def test_a_limit_of_zero_is_permanent_stated_or_in_prose_alone(refused, body, value):
    document = json.loads(body("day_requests_free"))
    error = document["error"]
    violation = error["details"][1]["violations"][0]
    del violation["quotaValue"]
    if value is None:
        error["message"] = error["message"].replace("limit: 20", "limit: 0")
    else:
        violation["quotaValue"] = value
    assert refused(document, "gemini-3.5-flash").kind is RefusalKind.PERMANENT


@pytest.mark.parametrize(
    "words",
    [
        "Gemini 2.5 Pro Preview doesn't have a free quota tier.",
        "Gemini 3 Pro does not have a free tier. Please use Gemini 3 Flash instead.",
        "Quota exceeded for metric: x.googleapis.com/generate_content_free_tier_requests, limit: 0",
    ],
)
def test_prose_alone_can_say_it(refused, saying, words):
    assert refused(saying(words)).kind is RefusalKind.PERMANENT


def test_a_value_in_prose_that_is_not_of_one_mind_is_not_believed(refused, quota_failure):
    metric = "generativelanguage.googleapis.com/generate_content_free_tier_requests"
    prose = (
        f"* Quota exceeded for metric: {metric}, limit: 0\n* Quota exceeded for metric: {metric}, limit: 20"
    )
    answer = quota_failure({"quotaMetric": metric, "quotaId": DAY}, message=prose)
    seen = refused(answer)
    assert (seen.kind, seen.limits[0].amount) == (RefusalKind.UNTIL, None)
