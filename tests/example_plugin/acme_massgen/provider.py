"""Acme, a provider that does not exist: one JSON endpoint, usage in the answer, 429 with seconds to wait."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from massgen_plugins.middleware import Refusal, RefusalKind, Usage
from massgen_plugins.providers.base import HttpRequest, ModelRequest, Provider, UsageReader
from massgen_plugins.providers.headers import retry_after
from massgen_plugins.providers.text import quoted, read_json
from massgen_plugins.quota import Charge, Kind

_PATH = "/acme/v1/answer"


class AcmeProvider(Provider):
    """Reads Acme's traffic."""

    name = "acme"

    def serves(self, backend_type: str, base_url: str | None) -> bool:
        return backend_type == "acme"

    def is_model_call(self, method: str, url: str) -> bool:
        return method == "POST" and urlsplit(url).path == _PATH

    def read_request(self, request: HttpRequest) -> ModelRequest | None:
        body = read_json(request.body or b"")
        model = str(body.get("model", "")) if isinstance(body, dict) else ""  # it is a call all the same
        return ModelRequest(
            requested_model=model,
            model=self.resolve_model(model),
            credential=request.headers.get("authorization", ""),
            endpoint="",
            charges={Kind.REQUESTS: Charge(1), Kind.INPUT_TOKENS: Charge(len(request.body or b""))},
            stream=False,
        )

    def resolve_model(self, model: str) -> str:
        return model.removesuffix("-latest")

    def read_refusal(
        self, status: int, headers: Mapping[str, str], body: bytes, request: ModelRequest
    ) -> Refusal | None:
        if status != 429:
            return None
        wait = retry_after(headers, now=0)
        return Refusal(RefusalKind.WINDOW, retry_after=wait, quote=quoted(body.decode("utf-8", "replace")))

    def usage_reader(self, request: ModelRequest) -> UsageReader:
        return _UsageReader()


class _UsageReader:
    def __init__(self) -> None:
        self._body = b""

    def feed(self, data: bytes) -> None:
        self._body += data

    def usage(self) -> Usage | None:
        answer = read_json(self._body)
        report = answer.get("usage") if isinstance(answer, dict) else None
        tokens = report.get("input_tokens") if isinstance(report, dict) else None
        return Usage({Kind.INPUT_TOKENS: tokens}) if isinstance(tokens, int) else None
