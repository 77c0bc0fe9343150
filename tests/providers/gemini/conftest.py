"""How the tests ask the provider: what a body means in answer to a certain request."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from massgen_plugins.middleware import Refusal
from massgen_plugins.providers.base import HttpRequest, ModelRequest
from massgen_plugins.providers.gemini import GeminiProvider

HERE = Path(__file__).parent


def request_for(model: str = "gemini-2.5-flash", **body: object) -> ModelRequest:
    """What the provider reads in a request of this model."""
    url = f"https://generativelanguage.googleapis.com/v1beta/models/{model}:streamGenerateContent?alt=sse"
    content = json.dumps({"contents": [], **body}).encode()
    return GeminiProvider().read_request(HttpRequest("POST", url, {"x-goog-api-key": "key"}, content))


@pytest.fixture(scope="session")
def body() -> Callable[[str], bytes]:
    """The bytes of a recorded body."""

    def read(name: str) -> bytes:
        [path] = [path for folder in ("cases", "refusals") for path in HERE.glob(f"{folder}/{name}.json")]
        return path.read_bytes()

    return read


@pytest.fixture(scope="session")
def refused(body) -> Callable[..., Refusal | None]:
    """What an answer with a recorded body, or with a given document, means."""

    def read(
        what: str | bytes | dict | list,
        model: str = "gemini-2.5-flash",
        *,
        status: int = 429,
        tools: list[dict] | None = None,
        **headers: str,
    ) -> Refusal | None:
        if isinstance(what, str):
            content = body(what)
        else:
            content = what if isinstance(what, bytes) else json.dumps(what).encode()
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        request = request_for(model, **({"tools": tools} if tools else {}))
        return GeminiProvider().read_refusal(status, names, content, request)

    return read


@pytest.fixture(scope="session")
def quota_failure() -> Callable[..., dict]:
    """A refusal that names limits, each as its ``quotaId`` or as a whole violation."""

    def make(
        *violations: str | dict, message: str = "You exceeded your current quota.", delay: str = ""
    ) -> dict:
        details: list[dict] = [
            {
                "@type": "type.googleapis.com/google.rpc.QuotaFailure",
                "violations": [{"quotaId": each} if isinstance(each, str) else each for each in violations],
            }
        ]
        if delay:
            details.append({"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay})
        error = {"code": 429, "message": message, "status": "RESOURCE_EXHAUSTED", "details": details}
        return {"error": error}

    return make


@pytest.fixture(scope="session")
def saying() -> Callable[..., dict]:
    """A refusal of prose, and of details if some are given."""

    def make(message: str, *details: dict, code: object = 429) -> dict:
        error = {"code": code, "message": message, "status": "RESOURCE_EXHAUSTED"}
        return {"error": {**error, "details": list(details)} if details else error}

    return make
