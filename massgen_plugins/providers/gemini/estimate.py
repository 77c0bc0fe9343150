"""What a request will cost, read from its body before it leaves: an upper estimate of its input tokens."""

from __future__ import annotations

import json
from typing import Any

from massgen_plugins.providers.gemini.media import (
    CACHED_CONTENT,
    MediaRates,
    inline_tokens,
    linked_tokens,
    rates_of,
)
from massgen_plugins.providers.tokens import text_tokens

__all__ = ["UNKNOWN_BODY", "input_tokens", "read_body"]

UNKNOWN_BODY = 32_768
"""Tokens assumed of a body that nobody has seen, such as a stream of unknown length."""

_LARGEST_BODY = 100 * 1024 * 1024
"""Bytes; the API accepts no more, and reading more would hold up everybody else."""

_INLINE = frozenset({"inlineData", "inline_data"})
_LINKED = frozenset({"fileData", "file_data"})
_CACHED = frozenset({"cachedContent", "cached_content"})
_CHAT = frozenset({"image_url", "input_audio"})
"""The media of the OpenAI-compatible path."""
_NOT_TEXT = _INLINE | _LINKED | _CACHED | _CHAT


def read_body(body: bytes | None) -> dict[str, Any] | None:
    """The JSON object that a request's body is; None if it is not known, too large or anything else."""
    if body is None or len(body) > _LARGEST_BODY:
        return None
    try:
        document = json.loads(body)
    except (ValueError, RecursionError, MemoryError):
        return None
    return document if isinstance(document, dict) else None


def input_tokens(
    body: bytes | None, document: dict[str, Any] | None, model: str, *, declared_size: str | None = None
) -> int:
    """The most input tokens that a request is likely to be.

    Everything in the body counts: contents with their calls, answers and thoughts, the system instruction,
    declarations of functions, schemas. Media count by Google's rates. The sum is an estimate above the true
    count for usual traffic; where a body cannot be read, one token a byte holds for all text.

    Args:
        body: As it will be sent; None when it is not known.
        document: The same, read by :func:`read_body`.
        model: Resolved model; the rates of media depend on it.
        declared_size: The ``content-length`` header, the bound of an unknown body.
    """
    if body is None:
        size = declared_size or ""
        known = size.isascii() and size.isdigit() and len(size) < 12
        return int(size) if known else UNKNOWN_BODY
    if document is None:
        return len(body)
    rates = rates_of(model, high=b"RESOLUTION_HIGH" in body, ultra_high=b"ULTRA_HIGH" in body)
    return _tokens_of(document, rates)


def _tokens_of(document: dict[str, Any], rates: MediaRates) -> int:
    """Walk the document without recursion; what is not media is text, whichever field holds it."""
    texts: list[str] = []
    tokens = 0
    pending: list[Any] = [document]
    while pending:
        node = pending.pop()
        if isinstance(node, str):
            texts.append(node)
        elif isinstance(node, list):
            pending.extend(node)
        elif isinstance(node, dict):
            for key, value in node.items():
                media = _media_tokens(key, value, rates) if key in _NOT_TEXT else None
                if media is None:
                    texts.append(key)
                    pending.append(value)
                else:
                    tokens += media
        else:
            texts.append(str(node))
    # The line end after each text stands for the quotes, colons and role marks around it.
    return tokens + text_tokens("\n".join(texts)) + 1


def _media_tokens(key: str, value: Any, rates: MediaRates) -> int | None:
    """Tokens of a field named like media or a cache; None if it is neither after all."""
    if key in _CACHED:
        return CACHED_CONTENT if isinstance(value, str) else None
    if not isinstance(value, dict):
        return None
    if key in _CHAT:
        return _chat_tokens(value, rates)
    mime = value.get("mimeType", value.get("mime_type", ""))
    mime = mime if isinstance(mime, str) else ""
    if key in _LINKED:
        # A link to a film on the web carries no type; no other link goes without.
        return linked_tokens(mime or "video/*", rates)
    data = value.get("data")
    return inline_tokens(mime, data, rates) if isinstance(data, str) else None


def _chat_tokens(value: dict[str, Any], rates: MediaRates) -> int | None:
    """Tokens of an image or a sound in a chat message; None if it is neither after all."""
    url, data, form = value.get("url"), value.get("data"), value.get("format")
    if isinstance(data, str) and isinstance(form, str):
        return inline_tokens(f"audio/{form}", data, rates)
    if not isinstance(url, str):
        return None
    head, comma, data = url.partition(",")
    if not comma or not head.startswith("data:"):
        return linked_tokens("image/*", rates)
    return inline_tokens(head.removeprefix("data:").partition(";")[0], data, rates)
