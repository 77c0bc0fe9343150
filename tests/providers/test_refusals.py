"""Real refusals of each provider but Gemini (ids replaced), in ``refusals/``, and what each means.

The bodies were quoted in public issues, pull requests and documentation of 2024 to 2026, all answers are
dated 2026-11-30T00:53:20Z. ``means`` is the kind, ``wait`` the hint in seconds, ``limits`` what it states;
``request`` are fields of the request's body.
"""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from massgen_plugins.middleware import RefusalKind
from massgen_plugins.quota import Limit
from tests.providers.every import refusal_of

FILES = sorted((Path(__file__).parent / "refusals").glob("*.yaml"))
TABLE = [
    pytest.param(path.stem, row, id=f"{path.stem}-{number}")
    for path in FILES
    for number, row in enumerate(yaml.safe_load(path.read_text("utf-8")))
]
NEEDS_ADVICE = {RefusalKind.PERMANENT, RefusalKind.CALL}


def body_of(row):
    return row["body"].encode() if isinstance(row["body"], str) else row["body"]


@pytest.mark.parametrize(("name", "row"), TABLE)
def test_what_a_refusal_means(name, row):
    asked = row.get("request")
    seen = refusal_of(name, row["status"], body_of(row), row.get("headers"), body=asked)
    wait = row.get("wait")
    assert (seen.kind, seen.pool) == (row["means"], row.get("pool"))
    assert seen.retry_after == (None if wait is None else pytest.approx(wait))
    stated = {Limit(limit.kind, 0, limit.window).key: limit.amount for limit in seen.limits}
    assert stated == row.get("limits", {})
    assert seen.until == row.get("until", seen.until)
    assert len(seen.quote) <= 200
    assert bool(seen.advice) == (seen.kind in NEEDS_ADVICE)


@pytest.mark.parametrize("name", [path.stem for path in FILES])
@pytest.mark.parametrize(
    ("status", "body"),
    [
        (400, {"error": {"message": "Invalid value for 'temperature'", "type": "invalid_request_error"}}),
        (400, {"error": {"message": "maximum context length is 8192", "code": "context_length_exceeded"}}),
        (
            400,
            {"error": {"message": "queue is overloaded, no concurrent requests, at capacity", "type": "x"}},
        ),
        (401, {"error": {"message": "Incorrect API key provided", "code": "invalid_api_key"}}),
        (404, {"error": {"message": "The model does not exist", "code": "model_not_found"}}),
        (413, b"Request Entity Too Large"),
        (500, {"error": {"message": "The server had an error", "type": "server_error"}}),
        (200, {"id": "x", "choices": [{"message": {"content": "rate limit reached, error 429"}}]}),
        (200, b""),
    ],
)
def test_other_answers_are_no_refusals(name, status, body):
    assert refusal_of(name, status, body) is None
