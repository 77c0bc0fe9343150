"""Kind C: the bucket that a refusal names is believed over what the model's name suggests."""

from __future__ import annotations

import pytest

from massgen_plugins.middleware import RefusalKind, StatedLimit
from massgen_plugins.providers.gemini import GeminiProvider
from massgen_plugins.quota import MINUTE, CalendarDay, Kind

QUOTA = "GenerateRequestsPerMinutePerProjectPerModel"
RESOLVE = GeminiProvider().resolve_model


def test_an_experimental_model_without_access_does_not_close_its_base_model(refused):
    seen = refused("exp_limit_zero", "gemini-2.0-flash-exp")
    assert (seen.kind, seen.pool) == (RefusalKind.PERMANENT, None)
    assert RESOLVE("gemini-2.0-flash-exp") != RESOLVE("gemini-2.0-flash")


def test_an_experimental_models_spent_day_does_not_close_its_base_model(refused):
    seen = refused("exp_day_paid", "gemini-2.5-pro-exp-03-25")
    day = CalendarDay("America/Los_Angeles")
    assert (seen.kind, seen.pool) == (RefusalKind.UNTIL, None)
    assert list(seen.limits) == [StatedLimit(Kind.REQUESTS, day)]
    assert RESOLVE("gemini-2.5-pro-exp-03-25") != RESOLVE("gemini-2.5-pro")


@pytest.mark.parametrize(
    "names",
    [
        ("gemini-2.5-flash", "gemini-2.5-flash", None),
        ("gemini-2.5-flash-preview-05-20", "gemini-2.5-flash", None),
        ("gemini-2.5-flash-preview-05-20", "gemini-2.5-flash-preview", "gemini-2.5-flash-preview"),
        ("gemini-flash-latest", "gemini-3.8-flash", "gemini-3.8-flash"),
        ("gemini-3-pro-preview", "gemini-3.1-pro", None),
        ("gemini-3-pro-preview", "models/gemini-3.2-pro", "gemini-3.2-pro"),
    ],
)
def test_another_bucket_is_named_wherever_it_stands(refused, quota_failure, saying, names):
    asked, named, pool = names
    metric = "generativelanguage.googleapis.com/generate_requests_per_model"
    quota = {"quotaId": QUOTA, "quotaMetric": metric, "quotaValue": "5"}
    prose = f"Quota exceeded for metric: {metric}, limit: 5, model: {named.removeprefix('models/')}"
    info = {"metadata": {"quota_limit": QUOTA, "quota_limit_value": "5", "model": named}}
    for answer in (
        quota_failure({**quota, "quotaDimensions": {"location": "global", "model": named}}),
        quota_failure(quota, message=prose),
        saying("Quota exceeded.", info),
    ):
        seen = refused(answer, asked)
        assert (seen.kind, seen.pool) == (RefusalKind.WINDOW, pool)
        assert list(seen.limits) == [StatedLimit(Kind.REQUESTS, MINUTE, 5)]


def test_vertex_names_the_base_model(refused):
    assert refused("vertex_prose_minute", "gemini-1.0-pro-002").pool == "gemini-pro"
    assert refused("vertex_prose_minute", "gemini-pro").pool is None


@pytest.mark.parametrize(
    "name", ["", "*account", "two words", "x" * 101, "gemini:google_search", 7, None, ["gemini"], "a\nb"]
)
def test_a_name_that_is_no_bucket_is_the_models_own(refused, quota_failure, name):
    assert refused(quota_failure({"quotaId": QUOTA, "quotaDimensions": {"model": name}})).pool is None


def test_limits_of_another_bucket_are_not_stated_for_this_one(refused, quota_failure):
    own, other = ({"model": "gemini-2.5-flash"}, {"model": "gemini-2.5-pro"})
    answer = quota_failure(
        {"quotaId": "GenerateRequestsPerDayPerProjectPerModel", "quotaValue": "9", "quotaDimensions": other},
        {"quotaId": QUOTA, "quotaValue": "5", "quotaDimensions": own},
    )
    seen = refused(answer)
    assert (seen.kind, seen.pool, [limit.amount for limit in seen.limits]) == (
        RefusalKind.UNTIL,
        "gemini-2.5-pro",
        [9],
    )
