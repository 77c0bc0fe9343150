"""Parses requests of Anthropic's Messages API: model, account and charges."""

from __future__ import annotations

import math
import re
from dataclasses import replace

from massgen_plugins.providers.anthropic.host import BOOK
from massgen_plugins.providers.anthropic.models import ANTHROPIC_HOSTS, base_model, pools_of
from massgen_plugins.providers.base import HttpRequest, ModelRequest
from massgen_plugins.providers.chat import requests as chat_requests
from massgen_plugins.providers.chat.apis import Api, api_of
from massgen_plugins.providers.chat.host import EXPECTED_OUTPUT, Host
from massgen_plugins.providers.chat.requests import UNKNOWN_MODEL
from massgen_plugins.providers.estimate import measure, unread_body
from massgen_plugins.providers.image_rules import anthropic_image
from massgen_plugins.providers.plans import claude_account
from massgen_plugins.providers.text import read_body
from massgen_plugins.providers.urls import credential_of, place_of
from massgen_plugins.quota import Charge, Kind, Mode

__all__ = ["is_chat", "is_messages", "read_chat", "read_request"]

_PATH = re.compile(r"/v1/messages/?(?:[?#]|$)")
_CHAT = Host(name="anthropic", book=BOOK, hosts=ANTHROPIC_HOSTS)
_LARGEST_BOUND = 10**9


def is_messages(method: str, url: str) -> bool:
    """Whether a request creates a message. Batches, token counting and files have separate limits."""
    return method == "POST" and _PATH.search(url) is not None


def is_chat(method: str, url: str) -> bool:
    """Whether a request uses OpenAI's chat path, which this host supports, too."""
    return method == "POST" and api_of(url) is Api.CHAT


def read_chat(request: HttpRequest) -> ModelRequest | None:
    """Parse a request in OpenAI's chat format, which books in the same pools."""
    read = chat_requests.read_request(request, _CHAT)
    if read is None:
        return None
    return replace(read, model=base_model(read.requested_model), pools=pools_of(read.requested_model))


def read_request(request: HttpRequest) -> ModelRequest | None:
    """Parse a request; None if it is not a model call after all."""
    place = place_of(request.url)
    if place is None:
        return None
    body = read_body(request.body)
    model = body.get("model")
    model = model.strip() if isinstance(model, str) and model.strip() else UNKNOWN_MODEL
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
