"""Upper estimate of a request's input tokens, from its body before it is sent."""

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
"""Assumed tokens of an unknown body, such as a stream of unknown length."""

_LARGEST_BODY = 100 * 1024 * 1024
"""Bytes; the API accepts no more, and parsing more would block the event loop."""

_INLINE = frozenset({"inlineData", "inline_data"})
_LINKED = frozenset({"fileData", "file_data"})
_CACHED = frozenset({"cachedContent", "cached_content"})
_CHAT = frozenset({"image_url", "input_audio"})
"""Media fields of the OpenAI-compatible path."""
_NOT_TEXT = _INLINE | _LINKED | _CACHED | _CHAT


def read_body(body: bytes | None) -> dict[str, Any] | None:
    """Parse a request's body as a JSON object; None if it is unknown, too large or something else."""
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
    """Estimate a request's input tokens from above.

    Everything in the body counts: contents with function calls, responses and thoughts, the system
    instruction, function declarations, schemas. Media count by Google's rates. The estimate exceeds the
    actual count for typical traffic; an unreadable body counts as one token per byte.

    Args:
        body: As it will be sent; None if unknown.
        document: The body as parsed by :func:`read_body`.
        model: The resolved model, which determines the rates of media.
        declared_size: The ``content-length`` header, the bound for an unknown body.
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
    """Count a document's tokens without recursion; everything but media counts as text, in any field."""
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
    # The newline after each text accounts for the quotes, colons and role markers around it.
    return tokens + text_tokens("\n".join(texts)) + 1


def _media_tokens(key: str, value: Any, rates: MediaRates) -> int | None:
    """Tokens of a field with media or a cache; None for other fields."""
    if key in _CACHED:
        return CACHED_CONTENT if isinstance(value, str) else None
    if not isinstance(value, dict):
        return None
    if key in _CHAT:
        return _chat_tokens(value, rates)
    mime = value.get("mimeType", value.get("mime_type", ""))
    mime = mime if isinstance(mime, str) else ""
    if key in _LINKED:
        # Only links to videos on the web have no type.
        return linked_tokens(mime or "video/*", rates)
    data = value.get("data")
    return inline_tokens(mime, data, rates) if isinstance(data, str) else None


def _chat_tokens(value: dict[str, Any], rates: MediaRates) -> int | None:
    """Tokens of an image or audio in a chat message; None for other values."""
    url, data, form = value.get("url"), value.get("data"), value.get("format")
    if isinstance(data, str) and isinstance(form, str):
        return inline_tokens(f"audio/{form}", data, rates)
    if not isinstance(url, str):
        return None
    head, comma, data = url.partition(",")
    if not comma or not head.startswith("data:"):
        return linked_tokens("image/*", rates)
    return inline_tokens(head.removeprefix("data:").partition(";")[0], data, rates)
