"""Kind H: a tool's quota is the tool's: calls without it go on."""

from __future__ import annotations

import json

import pytest

from massgen_plugins.middleware import RefusalKind, StatedLimit
from massgen_plugins.profiles import load_settings
from massgen_plugins.profiles.places import CONFIG_DIR_VARIABLE
from massgen_plugins.providers.base import HttpRequest
from massgen_plugins.providers.gemini import GeminiProvider
from massgen_plugins.providers.gemini.advice import NO_REASON, NO_TOOL
from massgen_plugins.quota import MINUTE, CalendarDay, Kind

SEARCH = [{"googleSearch": {}}]
URL = "https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-flash:generateContent"
DAY = CalendarDay("America/Los_Angeles")


def pools(tools: object) -> tuple[str, ...]:
    body = json.dumps({"contents": [], "tools": tools}).encode()
    return GeminiProvider().read_request(HttpRequest("POST", URL, {}, body)).pools


@pytest.mark.parametrize(
    ("tools", "expected"),
    [
        (SEARCH, ["gemini:google_search"]),
        ([{"google_search": {}}], ["gemini:google_search"]),
        ([{"googleSearchRetrieval": {"dynamicRetrievalConfig": {}}}], ["gemini:google_search"]),
        ([{"enterpriseWebSearch": {}}], ["gemini:google_search"]),
        ([{"googleMaps": {}}], ["gemini:google_maps"]),
        ([{"url_context": {}}], ["gemini:url_context"]),
        ([{"fileSearch": {}}], ["gemini:file_search"]),
        ([{"googleSearch": {}, "urlContext": {}}], ["gemini:google_search", "gemini:url_context"]),
        ([{"googleMaps": {}}, {"google_search": {}}], ["gemini:google_maps", "gemini:google_search"]),
        ({"googleSearch": {}}, ["gemini:google_search"]),
        ([{"functionDeclarations": [{"name": "googleSearch"}]}], []),
        ([{"codeExecution": {}}], []),
        ([], []),
        (None, []),
        ("googleSearch", []),
        (["googleSearch", 7, None], []),
    ],
)
def test_a_call_books_in_the_pools_of_its_tools_after_its_models_own(tools, expected):
    assert pools(tools) == ("gemini-2.5-flash", *expected)


def test_a_tools_pool_has_none_of_a_models_limits(monkeypatch, tmp_path):
    for name in ("HOME", CONFIG_DIR_VARIABLE):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.chdir(tmp_path)
    settings = load_settings(None)
    model, tool = pools(SEARCH)
    assert settings.rules("gemini", model).limits
    assert settings.rules("gemini", tool) is None


def test_a_tools_spent_day_names_the_tools_pool(refused):
    seen = refused("grounding_day", tools=SEARCH)
    assert (seen.kind, seen.pool) == (RefusalKind.UNTIL, "gemini:google_search")
    assert list(seen.limits) == [StatedLimit(Kind.REQUESTS, DAY, 500)]


def test_a_tool_that_is_not_allowed_is_said_of_the_tool(refused):
    seen = refused("grounding_zero", tools=SEARCH)
    assert (seen.kind, seen.pool) == (RefusalKind.PERMANENT, "gemini:google_search")
    assert seen.advice == NO_TOOL


@pytest.mark.parametrize(
    ("quota", "pool"),
    [
        ("GroundingWithGoogleMapsRequestsPerMinutePerProject", "gemini:google_maps"),
        ("maps_grounding_requests_per_minute", "gemini:google_maps"),
        ("UrlContextRequestsPerMinutePerProject", "gemini:url_context"),
        ("url_context_requests_per_minute", "gemini:url_context"),
        ("FileSearchRequestsPerMinutePerProject", "gemini:file_search"),
        ("google_search_requests_per_minute", "gemini:google_search"),
        ("SearchGroundingRequestsPerMinute-FreeTier", "gemini:google_search"),
    ],
)
def test_the_name_of_the_quota_tells_the_tool(refused, quota_failure, quota, pool):
    for violation in (
        {"quotaId": quota, "quotaValue": "7"},
        {"quotaMetric": f"x/{quota}", "quotaValue": "7"},
    ):
        seen = refused(quota_failure(violation), tools=SEARCH)
        assert (seen.kind, seen.pool) == (RefusalKind.WINDOW, pool)
        assert list(seen.limits) == [StatedLimit(Kind.REQUESTS, MINUTE, 7)]


def test_a_tools_quota_teaches_nothing_about_the_model_that_it_names(refused, quota_failure):
    quota = {
        "quotaId": "SearchGroundingRequestsPerDayPerProject",
        "quotaDimensions": {"model": "gemini-2.5-flash"},
    }
    model = {"quotaId": "GenerateRequestsPerMinutePerProjectPerModel", "quotaValue": "5"}
    seen = refused(quota_failure({**quota, "quotaValue": "500"}, model), tools=SEARCH)
    assert (seen.pool, [limit.amount for limit in seen.limits]) == ("gemini:google_search", [500])


def test_a_quota_that_nobody_knows_is_the_only_tools(refused, quota_failure):
    answer = quota_failure({"quotaId": "WidgetsPerDayPerProject", "quotaValue": "3"})
    seen = refused(answer, tools=SEARCH)
    assert (seen.kind, seen.pool, list(seen.limits)) == (RefusalKind.UNTIL, "gemini:google_search", [])
    assert refused(answer).pool is None
    assert refused(answer, tools=[{"googleSearch": {}, "urlContext": {}}]).pool is None


@pytest.mark.parametrize("name", ["help_only", "no_details"])
def test_a_refusal_that_says_nothing_is_laid_to_the_only_tool(refused, name):
    seen = refused(name, tools=SEARCH)
    assert (seen.kind, seen.pool, seen.advice) == (RefusalKind.OVERLOAD, "gemini:google_search", NO_REASON)
    assert refused(name).pool is None
    assert refused(name, tools=[{"googleSearch": {}}, {"googleMaps": {}}]).pool is None


def test_a_models_quota_is_the_models_though_a_tool_is_in_the_request(refused):
    assert refused("minute_tokens_free", tools=SEARCH).pool is None
    assert refused("spend_based", tools=SEARCH).pool == "*account"
