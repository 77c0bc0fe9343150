"""Whatever comes over the wire, the provider answers instead of raising."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from massgen_plugins.middleware import RefusalKind
from massgen_plugins.providers.base import HttpRequest
from massgen_plugins.providers.gemini import GeminiProvider
from massgen_plugins.quota import Kind

GEMINI = GeminiProvider()
CALL = "https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-flash:generateContent"

LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
WORDS = st.sampled_from(
    [
        "error",
        "code",
        "message",
        "details",
        "violations",
        "quotaId",
        "quotaValue",
        "retryDelay",
        "status",
        "usageMetadata",
        "promptTokenCount",
        "inlineData",
        "fileData",
        "mimeType",
        "data",
        "cachedContent",
    ]
)
VALUES = st.sampled_from(
    [
        429,
        503,
        "RESOURCE_EXHAUSTED",
        "GenerateRequestsPerDayPerProjectPerModel",
        "9" * 99,
        "Please retry in 1h.",
        "image/png",
        "image/jpeg",
        "application/pdf",
        "text/plain",
        "/9j/",
        "iVBORw0KGgo=",
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


@given(st.text(), st.text())
def test_is_model_call(method, url):
    assert GEMINI.is_model_call(method, url) in (True, False)
    assert GEMINI.is_model_call("POST", f"{url}/models/x:generateContent") in (True, False)


@given(st.text())
def test_resolve_model(model):
    assert isinstance(GEMINI.resolve_model(model), str)


@given(st.text(), st.dictionaries(st.text(), st.text()), st.none() | BODIES)
def test_read_request(tail, headers, body):
    for url in (tail, f"{CALL}?{tail}", f"https://{tail}/models/x:generateContent"):
        GEMINI.read_request(HttpRequest("POST", url, headers, body))
    request = GEMINI.read_request(HttpRequest("POST", CALL, headers, body))
    assert request.charges[Kind.REQUESTS].amount == 1
    assert request.charges[Kind.INPUT_TOKENS].amount >= 0


@given(st.integers(), st.dictionaries(st.just("retry-after") | st.text(), st.text()), BODIES)
def test_read_refusal(status, headers, body):
    for each in (status, 200, 402, 429, 503):
        for text in (body, b'{"error": ' + body + b"}", b"data: " + body):
            seen = GEMINI.read_refusal(each, headers, text)
            assert seen is None or (seen.kind is RefusalKind.PERMANENT) == bool(seen.advice)


@given(st.lists(BODIES | st.sampled_from([b"data: ", b"\n", b'"usageMetadata"', b"{", b"}"])))
def test_usage_reader(pieces):
    reader = GEMINI.usage_reader(stream=True)
    for piece in pieces:
        reader.feed(piece)
        usage = reader.usage()
        assert usage is None or all(amount >= 0 for amount in usage.values())
