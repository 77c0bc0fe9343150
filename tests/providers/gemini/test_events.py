"""Kind E: a refusal is read in any event of a 200 stream, and nothing else is taken for one."""

from __future__ import annotations

import json

import pytest

from massgen_plugins.middleware import RefusalKind
from massgen_plugins.providers.gemini import GeminiProvider

RECORDED = [
    "minute_tokens_free",
    "day_requests_free",
    "no_access_several",
    "overloaded",
    "errorinfo_minute_60",
    "quota_reset_delay_only",
    "error_json_inside_message",
    "gateway_string_code",
    "gateway_passthrough_429",
    "gateway_passthrough_stream_429",
]


@pytest.mark.parametrize(
    "wrapping",
    [
        "%s",
        "[%s]",
        "[%s\n,",
        ",\r\n%s",
        "data: %s\r\n\r\n",
        "data:%s",
        "event: error\ndata:%s\n\n",
        ": keep-alive\n\nid: 7\ndata: %s\n\n",
        "\n\ndata: %s\n\n",
    ],
)
@pytest.mark.parametrize("name", RECORDED)
def test_a_refusal_hides_in_a_stream_that_began_well(refused, body, name, wrapping):
    document = json.loads(body(name))
    event = (wrapping % json.dumps(document)).encode()
    assert refused(event, status=200) == refused(name, status=int(document["error"]["code"]))


def test_an_error_on_several_lines_of_data_is_one(refused, body):
    lines = [f"data: {line}" for line in body("minute_tokens_free").decode().splitlines()]
    event = "\n".join(["event: message", *lines, "", ""]).encode()
    assert refused(event, status=200) == refused("minute_tokens_free")


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        ({"error": {"message": "Rate limit reached", "type": "rate_limit_error"}}, RefusalKind.OVERLOAD),
        ({"error": {"message": "litellm.RateLimitError: try again in 12s, quota"}}, RefusalKind.WINDOW),
        ({"error": "429 Too Many Requests"}, RefusalKind.OVERLOAD),
        ({"error": {"message": "The model is overloaded.", "status": "UNAVAILABLE"}}, RefusalKind.OVERLOAD),
        ({"error": {"message": "This model is experiencing high demand."}}, RefusalKind.OVERLOAD),
    ],
)
def test_a_gateways_event_without_a_number_is_known_by_its_words(refused, event, kind):
    assert refused(event, status=200).kind is kind


def test_an_event_named_error_needs_no_error_inside(refused):
    event = b'event: error\ndata: {"code": 429, "message": "Resource exhausted, retry in 9s: quota"}\n\n'
    assert refused(event, status=200).retry_after == 9


@pytest.mark.parametrize(
    "event",
    [
        b'data: {"candidates": [{"content": {"parts": [{"text": "Hi"}]}}]}\r\n\r\n',
        b'data: {"candidates": [{"text": "{\\"error\\": {\\"code\\": 429}}"}]}\r\n\r\n',
        b'data: {"candidates": [{"args": {"error": {"code": 429}}}]}\r\n\r\n',
        b'data: {"candidates": [{"text": "error 429, too many requests, overloaded"}]}\r\n\r\n',
        b'data: {"error": {"code": 500, "status": "INTERNAL"}}\r\n\r\n',
        b'data: {"error": {"code": 400, "message": "429 is not a valid temperature"}}\r\n\r\n',
        b'data: {"error": null, "choices": []}\r\n\r\n',
        b'data: {"code": 429, "message": "the answer of a tool, no error"}\r\n\r\n',
        b"data: [DONE]\r\n\r\n",
        b": error 429\r\n\r\n",
        b"event: error\r\n\r\n",
        b"",
    ],
)
def test_an_ordinary_event_is_no_refusal(refused, event):
    assert refused(event, status=200) is None


def test_no_event_is_a_preamble():
    assert not GeminiProvider().is_preamble(b'data: {"usageMetadata": {"promptTokenCount": 0}}\n\n')
