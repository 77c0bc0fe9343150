"""What a provider sent is quoted without secrets, and read without harm."""

from __future__ import annotations

import json
import string
import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from massgen.backend._context_errors import is_context_length_error
from massgen.backend.gemini import _is_retryable_gemini_error

from massgen_plugins.providers.text import QUOTE, quoted, read_json, read_json_start

MEGABYTE = 1024 * 1024
UUID = "550e8400-e29b-41d4-a716-446655440000"


@pytest.mark.parametrize(
    ("text", "quote"),
    [
        ("You exceeded your current quota.", "You exceeded your current quota."),
        ("one\r\n\ttwo\n\n three  ", "one two three"),
        ("red\x1b[31m \x07bell\x00 \u202eturned \u2028line", "red [31m bell turned line"),
        ("", ""),
        (" \n ", ""),
        ("\udc80 a half character", "a half character"),
        ("\u4eca\u65e5\u306e\u4e0a\u9650", "\u4eca\u65e5\u306e\u4e0a\u9650"),
    ],
)
def test_a_quotation_is_one_line_of_printable_characters(text, quote):
    assert quoted(text) == quote


@pytest.mark.parametrize(
    "secret",
    [
        "AIzaSyA1234567890abcdefghijklmnopqrstuvw",
        "AQ.Ab8RN6Jx_abcdef",
        "ya29.a0AfH6SMBx",
        "sk-proj-abcdefghijkl",
        "sk-ant-api03-abc_def",
        "gsk_abcdefgh",
        "xai-abcdefgh",
        "org-AbCdEfGh12345678",
        "Bearer abc.def.ghi",
        "Basic dXNlcjpwYXNzMQ==",
        "0123456789abcdef0123456789abcdef",
        UUID,
        "q3X9vB27LmZ81kT5wN4p",
        "ZWFjaCBkYXkgaXMgYSBuZXcgMTIzNDU2Nzg5MCBiZWdpbm5pbmc=",
        "someone.else+tag@mail.example.com",
    ],
)
def test_what_looks_like_a_secret_is_masked(secret):
    for before, after in (
        ("", ""),
        ("key ", " is spent"),
        ("'", "'"),
        ("(", "),"),
        ("key=", ""),
        ("x\n", "\ny"),
    ):
        assert secret.split()[-1] not in quoted(before + secret + after)
        assert "***" in quoted(before + secret + after)


def test_a_secret_in_a_url_is_masked():
    quote = quoted("see https://user:pass@host/v1?key=abc123&alt=sse")
    assert quote == "see https://***@host/v1?key=***&alt=sse"


@pytest.mark.parametrize(
    "word",
    [
        "GenerateContentPaidTierInputTokensPerModelPerMinute-PaidTier2",
        "generativelanguage.googleapis.com/generate_content_free_tier_input_token_count",
        "gemini-2.5-flash-lite-preview-09-2025",
        "models/gemma-4-26b-a4b-it",
        "Gemini25ProRequestsPerDay",
        "project_number:123456789012",
        "projects/123456789012",
        "us-central1-aiplatform.googleapis.com",
        "20h3m13.257628674s",
        "https://ai.google.dev/gemini-api/docs/rate-limits",
        "https://cloud.google.com/vertex-ai/docs/generative-ai/quotas-genai",
        "2026-02-12T08:18:19Z",
        "claude-sonnet-4-5-20250929",
        "an org-specific Basic subscription",
        "dead-beef-face-feed-decade",
        "meta-llama/Llama-3.3-70B-Instruct",
    ],
)
def test_names_that_people_write_stay(word):
    assert quoted(f"of {word} here") == f"of {word} here"


@given(st.text())
def test_a_quotation_is_short_and_printable_whatever_it_is_made_from(text):
    quote = quoted(text)
    assert len(quote) <= QUOTE
    assert all(unicodedata.category(mark)[0] != "C" for mark in quote)


@given(
    st.text(st.sampled_from(" .,\n"), max_size=3_000),
    st.text(string.ascii_letters + string.digits + "_-", min_size=35, max_size=35),
)
def test_a_key_is_never_quoted_wherever_the_quotation_ends(before, tail):
    key = f"AIza{tail}"
    for text in (f"{before} {key} after", f"{before * 2} {key}", "word " * 38 + key, "x " * 985 + key + " y"):
        assert key[:16] not in quoted(text)


ALARMS = [
    "Resource has been exhausted (e.g. check quota).",
    "Quota exceeded for metric: x, limit: 0",
    "429 Too Many Requests",
    "RESOURCE_EXHAUSTED",
    "You exceeded your spend-based rate limit.",
    "Request too large for gpt-4.1: on tokens per min, Limit 30000, Requested 48002",
    "This model's maximum context length is 8192 tokens",
    "Please reduce the length of the messages",
    "prompt is too long: 210000 tokens > 200000 maximum",
    "This request would exceed your organization's rate limit of 2,000,000 input tokens per minute.",
    "input length and max_tokens exceed context limit: 5 + 6 > 7",
    "error 503, error 413, 1429",
]


@pytest.mark.parametrize("words", ALARMS)
def test_no_quotation_makes_massgen_repeat_a_call_or_compress_a_conversation(words):
    assert _is_retryable_gemini_error(RuntimeError(words), {429, 503})[0] or is_context_length_error(
        RuntimeError(words)
    )
    for text in (words, words.upper(), f"x {words} y", words.replace(" ", "\n")):
        error = RuntimeError(f'the provider says: "{quoted(text)}"')
        assert not _is_retryable_gemini_error(error, {429, 503})[0]
        assert not is_context_length_error(error)


def test_words_without_alarm_are_quoted_as_they_are():
    words = "You exceeded your current quota, please check your plan: limit 20, tokens of a minute."
    assert quoted(words) == words
    assert quoted("the rate limit").replace("\N{NO-BREAK SPACE}", " ") == "the rate limit"


def test_a_long_text_is_cut_with_a_mark():
    assert quoted("word " * 100) == ("word " * 40)[:199].rstrip() + "\N{HORIZONTAL ELLIPSIS}"
    assert quoted("a" * 5_000) == ""  # one endless word could be anything
    assert quoted("a" * 200) == "a" * 200


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b'{"a": [1, 2.5, null, true]}', {"a": [1, 2.5, None, True]}),
        (b'\xef\xbb\xbf\r\n {"a": 1}\n', {"a": 1}),
        (b'"caf\xc3\xa9"', "caf\xe9"),
        (b'"\xff\xfe"', "\ufffd\ufffd"),
        (b'{"a": "line\nend"}', {"a": "line\nend"}),
        (b"9" * 5_000, 0),
        (b'[1e999, "' + b"9" * 5_000 + b'"]', [float("inf"), "9" * 5_000]),
    ],
)
def test_a_document_is_read_generously(body, value):
    assert read_json(body) == value


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"nonsense", b'{"a": 1} {"b": 2}', b"data: {}", b"[" * 100_000, b'{"a":' * 100_000, b"\x00"],
)
def test_what_is_no_document_is_none(body):
    assert read_json(body) is None


def test_the_start_of_a_text_is_read_whatever_follows():
    assert read_json_start('{"a": 1}, {"b": 2}') == ({"a": 1}, 8)
    assert read_json_start('[{"a": 1}, {"b": 2', 1) == ({"a": 1}, 9)
    assert read_json_start("[1" + "," * 100_000) == (None, -1)
    assert read_json_start('{"a": 1}' + "," * 100_000) == ({"a": 1}, 8)
    large = json.dumps({"a": "x" * 100_000})
    assert read_json_start(" " * 10 + large + "tail", 10) == ({"a": "x" * 100_000}, 10 + len(large))


@given(st.binary() | st.text().map(lambda text: json.dumps(text).encode()))
def test_reading_never_raises(body):
    read_json(body)
    read_json_start(body.decode("latin-1"))
    quoted(body.decode("utf-8", "replace"))


BODIES = {
    "one text": json.dumps({"a": "x" * MEGABYTE}).encode(),
    "escapes": b'{"a": "' + b"\\n" * (MEGABYTE // 2) + b'"}',
    "escaped characters": b'{"a": "' + b"\\u4e16" * (MEGABYTE // 6) + b'"}',
    "numbers": b"[" + b"1," * (MEGABYTE // 2) + b"1]",
    "fractions": b"[" + b"1.2345678901234567e-300," * (MEGABYTE // 24) + b"1]",
    "huge numbers": b"[" + (b"9" * 4_299 + b",") * 240 + b"1]",
    "objects": b"[" + b'{"a":1},' * (MEGABYTE // 8) + b"1]",
    "depth": b"[" * MEGABYTE,
    "blanks": b" " * MEGABYTE,
    "no UTF-8": b'{"a": "' + b"\xff" * MEGABYTE + b'"}',
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_a_megabyte_takes_little_time(body):
    spent = []
    for _ in range(5):
        start = time.thread_time()
        read_json(body)
        spent.append(time.thread_time() - start)
    assert min(spent) < 0.01
