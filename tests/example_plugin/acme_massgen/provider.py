"""Acme, a provider that does not exist: one JSON endpoint, usage in the answer, 429 with seconds to wait."""

from __future__ import annotations

import json
from collections.abc import Mapping
from urllib.parse import urlsplit

from massgen_plugins.middleware import Refusal, RefusalKind
from massgen_plugins.providers.base import HttpRequest, ModelRequest
from massgen_plugins.quota import Amounts, Kind

_PATH = "/acme/v1/answer"


class AcmeProvider:
    """Reads Acme's traffic."""

    name = "acme"
    backends = frozenset({"acme"})

    def is_model_call(self, method: str, url: str) -> bool:
        return method == "POST" and urlsplit(url).path == _PATH

    def read_request(self, request: HttpRequest) -> ModelRequest | None:
        try:
            model = str(json.loads(request.body or b"{}")["model"])
        except (ValueError, KeyError, TypeError):  # not even UTF-8, perhaps: it is a call all the same
            model = ""
        return ModelRequest(
            requested_model=model,
            model=self.resolve_model(model),
            credential=request.headers.get("authorization", ""),
            endpoint="",
            estimate={Kind.REQUESTS: 1, Kind.INPUT_TOKENS: len(request.body or b"")},
            stream=False,
        )

    def resolve_model(self, model: str) -> str:
        return model.removesuffix("-latest")

    def read_refusal(self, status: int, headers: Mapping[str, str], body: bytes) -> Refusal | None:
        if status != 429:
            return None
        return Refusal(RefusalKind.MINUTE, retry_after=float(headers.get("retry-after", "1")))

    def usage_reader(self, *, stream: bool) -> _UsageReader:
        return _UsageReader()


class _UsageReader:
    def __init__(self) -> None:
        self._body = b""

    def feed(self, data: bytes) -> None:
        self._body += data

    def usage(self) -> Amounts | None:
        try:
            tokens = json.loads(self._body)["usage"]["input_tokens"]
        except (ValueError, KeyError, TypeError):
            return None
        return {Kind.INPUT_TOKENS: int(tokens)}
