"""Kind G: what a gateway wraps around an error loses nothing of what the error says."""

from __future__ import annotations

import json

import pytest

from massgen_plugins.middleware import RefusalKind, StatedLimit
from massgen_plugins.quota import CalendarDay, Kind

DAY = CalendarDay("America/Los_Angeles")


@pytest.mark.parametrize(
    ("name", "model", "limit"),
    [
        ("error_json_inside_message", "gemini-2.5-flash", 250),
        ("gateway_string_code", "gemini-2.5-flash", 250),
        ("gateway_passthrough_429", "gemini-3.8-flash", 20),
        ("gateway_passthrough_stream_429", "gemini-3.8-flash", 20),
    ],
)
@pytest.mark.parametrize("status", [429, 200, 500, 400])
def test_the_cases_from_the_field(refused, name, model, limit, status):
    seen = refused(name, model, status=status)
    assert (seen.kind, seen.pool, seen.retry_after) == (RefusalKind.UNTIL, None, None)
    assert list(seen.limits) == [StatedLimit(Kind.REQUESTS, DAY, limit)]
    assert seen.quote.startswith("You exceeded your current quota, please check your plan")


def test_the_case_of_a_detail_without_an_error(refused):
    seen = refused("gateway_detail")
    assert (seen.kind, seen.retry_after) == (RefusalKind.WINDOW, pytest.approx(34.6))
    assert seen.quote == "You exceeded your current quota. Please retry in 34.6s."


WRAPPINGS = {
    "text of the SDK's error": lambda inner: {"error": {"message": f"429 RESOURCE_EXHAUSTED. {inner}"}},
    "a dict that Python shows": lambda inner: {"error": {"message": f"Error: {json.loads(inner)!r} end"}},
    "the same in a detail": lambda inner: {"detail": f"google.genai.errors.ClientError: {json.loads(inner)}"},
    "bytes that Python shows": lambda inner: {"error": {"message": repr(inner.encode()), "code": "429"}},
    "JSON in JSON in JSON": lambda inner: {
        "error": {"message": json.dumps({"error": {"message": inner, "code": "429"}}), "code": 429}
    },
    "an object as message": lambda inner: {"error": {"message": json.loads(inner), "code": "429"}},
    "an object as detail": lambda inner: {"detail": json.loads(inner)},
    "a list in a list": lambda inner: [[json.loads(inner)]],
    "the raw answer as metadata": lambda inner: {
        "error": {"code": 429, "message": "Provider returned error", "metadata": {"raw": inner}}
    },
    "errors": lambda inner: {"errors": [json.loads(inner)["error"]]},
    "no wrapping of its own": lambda inner: json.loads(inner)["error"],
}


@pytest.mark.parametrize("wrap", WRAPPINGS.values(), ids=WRAPPINGS)
@pytest.mark.parametrize(
    "name",
    [
        "minute_tokens_tier_2",
        "day_requests_free",
        "errorinfo_minute_60",
        "prose_per_day_only",
        "quota_reset_delay_only",
        "no_free_tier_named_in_prose",
        "spend_based",
        "prepaid_empty",
        "grounding_day",
    ],
)
def test_every_wrapping_of_every_error_is_undone(refused, body, name, wrap):
    inner = json.dumps(json.loads(body(name)))
    assert refused(wrap(inner)) == refused(name)


@pytest.mark.parametrize(("layers", "found"), [(1, True), (6, True), (60, False), (900, False)])
def test_layers_are_undone_up_to_a_bound(refused, body, layers, found):
    document = json.loads(body("day_requests_tier_1"))
    for _ in range(layers):
        document = {"error": document}
    seen = refused(document, "gemini-3.1-flash-lite-image")
    assert (seen.kind is RefusalKind.UNTIL) is found


@pytest.mark.parametrize("code", [429, "429", "RESOURCE_EXHAUSTED", "rate_limit_exceeded"])
@pytest.mark.parametrize("status", [200, 400, 500])
def test_a_code_may_be_a_number_a_text_or_a_word(refused, code, status):
    seen = refused({"error": {"code": code, "message": "quota: retry in 8s"}}, status=status)
    assert (seen.kind, seen.retry_after) == (RefusalKind.WINDOW, 8)


@pytest.mark.parametrize("code", [500, "500", None, "INTERNAL", 4290, "4 29", True, [429]])
def test_another_code_is_no_refusal(refused, code):
    assert refused({"error": {"code": code, "message": "An error."}}, status=500) is None


@pytest.mark.parametrize(
    ("words", "seconds"),
    [
        ("You exceeded your quota. Please retry in 34.6s.", 34.6),
        ("You exceeded your quota, try again in 1m30s", 90),
        ("Quota: retry after 22 seconds.", 22),
        ("Quota: please wait 2 minutes before you ask again.", 120),
        ("Quota: retry in 997.965142ms.", 0.997965142),
        ("Your quota will reset after 5h12m40s.", 18_760),
        ("Your quota resets in 1 hour.", 3_600),
        ("Your quota will be available again in 3m.", 180),
        ("Quota exceeded 12s ago, retry later", None),
        ("Please retry in a while: quota", None),
        ("Quota: retry in 99999999999s.", None),
    ],
)
def test_a_hint_in_prose_is_read(refused, words, seconds):
    for answer in ({"detail": words}, {"error": words}, {"message": words}, words.encode()):
        hint = refused(answer).retry_after
        assert hint == (None if seconds is None else pytest.approx(seconds))


@pytest.mark.parametrize(
    ("headers", "retry_after", "until"),
    [
        ({"retry_after": "10"}, 10, None),
        ({"retry_after": "10.5"}, 10.5, None),
        ({"retry_after_ms": "2500"}, 2.5, None),
        ({"retry_after_ms": "2500", "retry_after": "9"}, 9, None),
        (
            {"retry_after": "Mon, 30 Nov 2026 07:00:50 GMT", "date": "Mon, 30 Nov 2026 07:00:00 GMT"},
            50,
            None,
        ),
        ({"retry_after": "Mon, 30 Nov 2026 07:00:50 GMT"}, None, 1_796_022_050),
        ({"retry_after": "Mon, 30 Nov 2026 07:00:50 GMT", "date": "yesterday"}, None, 1_796_022_050),
        (
            {"retry_after": "Mon, 30 Nov 2026 06:00:00 GMT", "date": "Mon, 30 Nov 2026 07:00:00 GMT"},
            0,
            None,
        ),
        ({"retry_after": "soon"}, None, None),
        ({"retry_after": "-3"}, None, None),
        ({"retry_after": "Mon, 99 Nov 2026 07:00:50 GMT"}, None, None),
    ],
)
def test_the_header_is_read_as_seconds_or_as_a_date(refused, headers, retry_after, until):
    for name, status in (("no_details", 429), ("overloaded", 503)):
        seen = refused(name, status=status, **headers)
        assert (seen.retry_after, seen.until) == (retry_after, until)


def test_the_largest_of_several_hints_holds(refused):
    assert refused("minute_tokens_free", retry_after="10").retry_after == 26
    assert refused("minute_tokens_free", retry_after="40").retry_after == 40
