"""The Anthropic provider."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from massgen_plugins.middleware import Announced, Refusal, RefusalKind
from massgen_plugins.providers import announce, refusals
from massgen_plugins.providers.anthropic.host import BOOK, header_sets
from massgen_plugins.providers.anthropic.models import (
    ANTHROPIC_HOSTS,
    FAST,
    base_model,
    counts_cache_reads,
    pools_of,
)
from massgen_plugins.providers.anthropic.usage import MessagesUsageReader
from massgen_plugins.providers.base import HttpRequest, ModelRequest, Provider, UsageReader
from massgen_plugins.providers.chat.apis import Api, api_of
from massgen_plugins.providers.chat.host import EXPECTED_OUTPUT, Host
from massgen_plugins.providers.chat.provider import URL_DECIDES
from massgen_plugins.providers.chat.requests import UNKNOWN_MODEL
from massgen_plugins.providers.chat.requests import read_request as read_chat
from massgen_plugins.providers.directory import owner_of
from massgen_plugins.providers.errors import read_error
from massgen_plugins.providers.estimate import measure, unread_body
from massgen_plugins.providers.headers import now_of
from massgen_plugins.providers.image_rules import anthropic_image
from massgen_plugins.providers.plans import claude_account, spent_plan
from massgen_plugins.providers.text import read_body
from massgen_plugins.providers.urls import credential_of, place_of
from massgen_plugins.quota import Charge, Kind, Mode

__all__ = ["AnthropicProvider"]

_MESSAGES = re.compile(r"/v1/messages/?(?:[?#]|$)")
_CHAT = Host(name="anthropic", book=BOOK, hosts=ANTHROPIC_HOSTS)
_LARGEST_BOUND = 10**9
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
        # Batches, token counting and files have separate limits.
        messages = _MESSAGES.search(url) is not None
        if method != "POST" or not (messages or api_of(url) is Api.CHAT):
            return False
        place = place_of(url)
        return place is not None and owner_of(place) in ((None, self.name) if messages else (self.name,))

    def read_request(self, request: HttpRequest) -> ModelRequest | None:
        if _MESSAGES.search(request.url) is not None:
            return _read_messages(request)
        read = read_chat(request, _CHAT)
        if read is None:
            return None
        return replace(read, model=base_model(read.requested_model), pools=pools_of(read.requested_model))

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


def _read_messages(request: HttpRequest) -> ModelRequest | None:
    """Parse a request; None if it is not a model call after all."""
    place = place_of(request.url)
    if place is None:
        return None
    body = read_body(request.body)
    model = body.get("model")
    model = (model.strip()[:200] if isinstance(model, str) else "") or UNKNOWN_MODEL
    if body and request.body is not None:
        sizes = measure(body, len(request.body), anthropic_image)
    else:
        sizes = unread_body(request.body, request.headers.get("content-length", ""))
    bound = body.get("max_tokens")
    bound = bound if type(bound) is int and 0 < bound < _LARGEST_BOUND else None
    output = EXPECTED_OUTPUT if bound is None else min(bound, EXPECTED_OUTPUT)
    return ModelRequest(
        requested_model=model,
        model=base_model(model),
        credential=claude_account(request.headers, body.get("metadata")) or credential_of(request.headers),
        endpoint="" if place.host in ANTHROPIC_HOSTS else place.endpoint,
        charges={
            Kind.REQUESTS: Charge(1),
            Kind.CONCURRENT: Charge(1),
            # "Estimated at the beginning of each request" (docs, 2026), by an undocumented formula; OpenAI
            # uses a quarter of the characters. Cached input is refunded with the answer.
            Kind.INPUT_TOKENS: Charge(sizes.tokens, least=math.ceil(sizes.characters / 4) + sizes.media),
            Kind.OUTPUT_TOKENS: Charge(output, Mode.EXPECTED),
            Kind.TOTAL_TOKENS: Charge(sizes.tokens + output),
        },
        stream=body.get("stream") is True,
        pools=pools_of(model, fast=body.get("speed") == "fast"),
        max_output=bound,
        host=place.host,
    )
