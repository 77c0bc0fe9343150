"""Whatever comes over the wire, the provider answers instead of raising, soon and without a secret."""

from __future__ import annotations

import json
import time
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from massgen_plugins.middleware import Refusal, RefusalKind
from massgen_plugins.providers.base import HttpRequest
from massgen_plugins.providers.gemini import GeminiProvider
from massgen_plugins.quota import Kind

from .conftest import request_for

GEMINI = GeminiProvider()
OWN = "https://generativelanguage.googleapis.com"
CALL = f"{OWN}/v1beta/models/gemini-2.5-flash:generateContent"
CHAT = f"{OWN}/v1beta/openai/chat/completions"
MEGABYTE = 1024 * 1024

LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
NAMES = """
    error errors code status type message detail details metadata raw violations quotaId quotaMetric
    quotaValue quotaDimensions model retryDelay quota_limit quota_limit_value quota_metric quotaResetDelay
    quotaResetTimeStamp reason response usageMetadata usage promptTokenCount totalTokenCount prompt_tokens
    total_tokens promptTokensDetails modality tokenCount tools googleSearch google_search generationConfig
    maxOutputTokens requests input messages stream image_url url input_audio format extra_body google
    inlineData fileData mimeType data cachedContent
"""
WORDS = st.sampled_from(NAMES.split())
VALUES = st.sampled_from(
    [
        429,
        503,
        "429",
        "RESOURCE_EXHAUSTED",
        "GenerateRequestsPerDayPerProjectPerModel",
        "SearchGroundingRequestsPerDay",
        "9" * 99,
        "Please retry in 1h.",
        "Limit 5, Requested 7",
        "spend-based $5",
        "metric: a/b_requests, limit: 0, model: m",
        "2026-02-12T08:18:19Z",
        '{"error": {"code": "429", "message": "{\'error\': 1}"}}',
        "b'{\"error\": \\\\x00'",
        "data:image/png;base64,iVBORw0KGgo=",
        "image/png",
        "image/jpeg",
        "application/pdf",
        "text/plain",
        "/9j/",
        "a" * 4097,
    ]
)
DOCUMENTS = st.recursive(
    LEAVES | VALUES,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(WORDS | st.text(max_size=3), inner, max_size=6)
    ),
)
BODIES = st.binary() | DOCUMENTS.map(lambda document: json.dumps(document).encode())
HEADERS = st.dictionaries(
    st.sampled_from(["retry-after", "retry-after-ms", "date", "authorization", "content-length"]) | st.text(),
    st.text() | st.sampled_from(["Mon, 30 Nov 2026 07:00:50 GMT", "9" * 400, "Bearer k", "1e400", "\u0663"]),
)


@given(st.text(), st.text())
def test_is_model_call(method, url):
    assert GEMINI.is_model_call(method, url) in (True, False)
    assert GEMINI.is_model_call("POST", f"{url}/models/x:generateContent") in (True, False)
    assert GEMINI.is_model_call("POST", f"{url}/v1beta/openai/chat/completions") in (True, False)


@given(st.text(), st.none() | st.text())
def test_serves_and_resolve_model(text, base_url):
    assert GEMINI.serves(text, base_url) in (True, False)
    assert isinstance(GEMINI.resolve_model(text), str)


@given(st.text(), HEADERS, st.none() | BODIES)
def test_read_request(tail, headers, body):
    for url in (
        tail,
        f"{CALL}?{tail}",
        f"https://{tail}/models/x:generateContent",
        f"https://{tail}{CHAT[8:]}",
    ):
        GEMINI.read_request(HttpRequest("POST", url, headers, body))
    for url in (CALL, CHAT):
        request = GEMINI.read_request(HttpRequest("POST", url, headers, body))
        assert request.charges[Kind.REQUESTS].amount >= 1
        assert request.charges[Kind.INPUT_TOKENS].amount >= 0
        assert request.pools[0] == request.model


def check(refusal: Refusal | None) -> None:
    if refusal is None:
        return
    assert len(refusal.quote) <= 200
    assert refusal.retry_after is None or 0 <= refusal.retry_after < 10**7
    if refusal.kind in (RefusalKind.PERMANENT, RefusalKind.CALL):
        assert refusal.advice
    assert all(limit.amount is None or limit.amount >= 0 for limit in refusal.limits)


@given(st.integers(), HEADERS, BODIES, st.booleans())
def test_read_refusal(status, headers, body, tool):
    request = request_for(tools=[{"googleSearch": {}}] if tool else [])
    for each in (status, 200, 402, 429, 503):
        for text in (body, b'{"error": ' + body + b"}", b"event: error\ndata: " + body, b"data: " + body):
            check(GEMINI.read_refusal(each, headers, text, request))


@given(
    st.lists(BODIES | st.sampled_from([b"data: ", b"\n", b"\r", b'"usageMetadata"', b'"usage":', b"{", b"}"]))
)
def test_usage_reader(pieces):
    reader = GEMINI.usage_reader(request_for())
    for piece in pieces:
        reader.feed(piece)
        usage = reader.usage()
        assert usage is None or all(amount >= 0 for amount in usage.amounts.values())


def repeated(part: str, before: str = "", after: str = "") -> bytes:
    return (before + part * (MEGABYTE // len(part)) + after).encode()


HUGE = {
    "nothing": repeated(" "),
    "letters": repeated("a"),
    "zeros": repeated("\0"),
    "depth": repeated("["),
    "objects in depth": repeated('{"error":'),
    "text of objects": json.dumps({"error": {"message": '{"error": ' * 100_000}}).encode(),
    "text of openings": json.dumps({"error": {"message": "{'" * 30_000}}).encode(),
    "text of quotes": json.dumps({"error": {"message": "{'a': " + "\\'" * 30_000}}).encode(),
    "text of blanks": json.dumps({"error": {"message": "retry in" + " " * 1_000_000}}).encode(),
    "text of hints": json.dumps({"error": {"message": "retry in 9" * 6_000}}).encode(),
    "text of digits": json.dumps({"error": {"message": "retry in " + "9" * 60_000}}).encode(),
    "text of metrics": json.dumps({"error": {"message": "metric: a, limit: 1" * 3_300}}).encode(),
    "text of quota metrics": json.dumps({"error": {"message": "quota metric '" * 4_500}}).encode(),
    "text of limits": json.dumps({"error": {"message": "limit 5 " * 8_000}}).encode(),
    "text of services": json.dumps({"error": {"message": "exceeded for a.b.c/" * 3_300}}).encode(),
    "text of pointers": json.dumps({"error": {"message": "For more information " * 3_000}}).encode(),
    "a wrapped megabyte": json.dumps({"error": {"message": json.dumps({"error": "x" * MEGABYTE})}}).encode(),
    "details": json.dumps({"error": {"details": [{"retryDelay": "1s"}] * 3_000}}).encode(),
    "violations": json.dumps({"error": {"details": [{"violations": [{"quotaId": "x"}] * 3_000}]}}).encode(),
    "different violations": json.dumps(
        {"error": {"details": [{"violations": [{"quotaId": f"x{number}"} for number in range(3_000)]}]}}
    ).encode(),
    "comments": repeated(": x\n"),
    "lines of data": repeated("data: [\n", "event: error\n"),
    "blank lines": repeated("\n", "data: error"),
    "no UTF-8": b'{"error": "' + b"\xff" * MEGABYTE + b'"}',
}


@pytest.mark.parametrize("body", HUGE.values(), ids=HUGE)
@pytest.mark.parametrize("status", [429, 200])
def test_a_large_body_is_read_in_little_time_and_memory(body, status):
    request, spent = request_for(), []
    for _ in range(5):
        start = time.thread_time()
        check(GEMINI.read_refusal(status, {}, body, request))
        spent.append(time.thread_time() - start)
    assert min(spent) < 0.02
    tracemalloc.start()
    GEMINI.read_refusal(status, {}, body, request)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 12 * MEGABYTE
