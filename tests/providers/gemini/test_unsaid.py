"""Kind J: the provider's own words and the moment are handed on, so that who waits can be told."""

from __future__ import annotations

import pytest

from massgen_plugins.middleware import RefusalKind
from massgen_plugins.providers.gemini.advice import NO_REASON

RETRY_INFO = "type.googleapis.com/google.rpc.RetryInfo"


@pytest.mark.parametrize("delay", ["7643s", "7643.2s", "2h7m23s", "301s"])
def test_a_far_moment_is_one_and_no_matter_of_a_minute(refused, saying, quota_failure, delay):
    for answer in (
        saying("Resource has been exhausted.", {"@type": RETRY_INFO, "retryDelay": delay}),
        quota_failure("GenerateRequestsPerMinutePerProjectPerModel", delay=delay),
        saying(f"You exceeded your current quota. Please retry in {delay}."),
    ):
        seen = refused(answer)
        assert seen.kind is RefusalKind.UNTIL
        assert seen.retry_after >= 301


def test_a_near_moment_is_a_hint(refused, saying):
    seen = refused(saying("Resource has been exhausted.", {"@type": RETRY_INFO, "retryDelay": "59s"}))
    assert (seen.kind, seen.retry_after) == (RefusalKind.OVERLOAD, 59)


@pytest.mark.parametrize(
    "words",
    [
        "Resource has been exhausted (e.g. check quota).",
        "You exceeded your current quota, please check your plan and billing details.",
        "Resource exhausted. Please try again later.",
        "Too many requests",
    ],
)
def test_a_refusal_without_a_reason_hands_on_its_words_and_what_to_do(refused, saying, words):
    seen = refused(saying(words))
    assert (seen.kind, seen.advice) == (RefusalKind.OVERLOAD, NO_REASON)
    assert seen.quote.replace("\N{NO-BREAK SPACE}", " ") == words


def test_a_busy_server_stays_one_however_long_it_asks_to_wait(refused):
    seen = refused("overloaded", status=503, retry_after="900")
    assert (seen.kind, seen.retry_after) == (RefusalKind.OVERLOAD, 900)


def test_a_busy_server_is_not_said_to_refuse_without_reason(refused):
    assert refused("overloaded", status=503).advice == ""


def test_sentences_that_only_point_to_a_page_are_left_out_of_the_quotation(refused):
    vertex = refused("vertex_shared_quota").quote
    assert vertex.replace("\N{NO-BREAK SPACE}", " ") == "Resource exhausted. Please try again later. \u2026"
    quote = refused("day_requests_tier_1", "gemini-3.1-flash-lite-image").quote
    assert "http" not in quote
    assert quote.startswith(
        "You exceeded your current quota, please check your plan and billing details. \u2026"
    )
    assert "limit: 1000" in quote


@pytest.mark.parametrize(
    "name",
    ["minute_tokens_free", "prepaid_empty", "grounding_zero", "gateway_passthrough_429", "spend_based"],
)
def test_every_refusal_quotes_its_words(refused, name):
    assert 20 <= len(refused(name).quote) <= 200


@pytest.mark.parametrize(
    ("text", "quote"),
    [(b"", ""), (b"<html>busy</html>", ""), (b"upstream\r\nbusy", "upstream busy"), (b"[broken", "")],
)
def test_a_body_that_is_no_json_is_quoted_when_it_is_a_text(refused, text, quote):
    assert refused(text).quote == quote


def test_no_secret_and_no_control_character_is_quoted(refused, saying):
    key = "AIza" + "SyD3x9Kd02LmQ7" * 2
    quote = refused(saying(f"Quota of key {key} of me@example.com\x1b[31m\u202e is spent")).quote
    assert quote == "Quota of key *** of *** [31m is spent"
