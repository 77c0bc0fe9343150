"""The Anthropic provider."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from massgen_plugins.middleware import Announced, Refusal, RefusalKind
from massgen_plugins.providers import announce, refusals
from massgen_plugins.providers.anthropic.host import BOOK, header_sets
from massgen_plugins.providers.anthropic.models import FAST, base_model, counts_cache_reads
from massgen_plugins.providers.anthropic.requests import is_chat, is_messages, read_chat, read_request
from massgen_plugins.providers.anthropic.usage import MessagesUsageReader
from massgen_plugins.providers.base import HttpRequest, ModelRequest, Provider, UsageReader
from massgen_plugins.providers.chat.provider import URL_DECIDES
from massgen_plugins.providers.directory import owner_of
from massgen_plugins.providers.errors import read_error
from massgen_plugins.providers.headers import now_of
from massgen_plugins.providers.plans import spent_plan
from massgen_plugins.providers.urls import place_of

__all__ = ["AnthropicProvider"]

_OF_LIMITS = frozenset({RefusalKind.WINDOW, RefusalKind.UNTIL})
_USUAL = header_sets("anthropic-ratelimit")
_FAST = header_sets("anthropic-fast")
_PREAMBLE = (b'"type":"message_start"', b'"type": "message_start"', b'"type":"ping"', b'"type": "ping"')


class AnthropicProvider(Provider):
    """Handles the Messages API, and OpenAI's chat path on the same host, which has the same limits."""

    name = "anthropic"
    conventions = BOOK.conventions

    def serves(self, backend_type: str, base_url: str | None) -> bool:
        place = place_of(base_url) if base_url else None
        is_own = place is not None and owner_of(place) == self.name
        return backend_type in ("claude", "claude_code") or (is_own and backend_type in URL_DECIDES)

    def is_model_call(self, method: str, url: str) -> bool:
        messages = is_messages(method, url)
        if not messages and not is_chat(method, url):
            return False
        place = place_of(url)
        return place is not None and owner_of(place) in ((None, self.name) if messages else (self.name,))

    def read_request(self, request: HttpRequest) -> ModelRequest | None:
        return read_request(request) if is_messages(request.method, request.url) else read_chat(request)

    def resolve_model(self, model: str) -> str:
        return base_model(model)

    def usage_reader(self, request: ModelRequest) -> UsageReader:
        return MessagesUsageReader(reads_count=counts_cache_reads(request.model))

    def read_refusal(
        self, status: int, headers: Mapping[str, str], body: bytes, request: ModelRequest
    ) -> Refusal | None:
        if (spent := spent_plan(status, headers, body)) is not None:
            return spent
        error = read_error(status, headers, body)
        if error is None:
            return None
        refusal = refusals.read_refusal(error, BOOK, (), now_of(headers))
        if refusal is None or refusal.pool is not None or refusal.kind not in _OF_LIMITS:
            return refusal
        return replace(refusal, pool=_shared(request))

    def read_announcement(self, headers: Mapping[str, str], request: ModelRequest) -> Sequence[Announced]:
        fast = bool(request.pools) and request.pools[0].endswith(FAST)
        found = announce.read_announcement(headers, _FAST if fast else _USUAL, self.conventions)
        return tuple(replace(each, pool=_shared(request)) for each in found)

    def is_preamble(self, event: bytes) -> bool:
        return any(mark in event[:4_096] for mark in _PREAMBLE)

    def is_end(self, event: bytes) -> bool:
        return b"message_stop" in event[:4_096]


def _shared(request: ModelRequest) -> str | None:
    """The pool that limits apply to: the shared one, if the model has one."""
    return request.pools[1] if len(request.pools) > 1 else None
