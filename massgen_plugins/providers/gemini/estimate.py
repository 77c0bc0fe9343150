"""Upper estimate of a request's input tokens, from its body before it is sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from massgen_plugins.providers.estimate import unread_body
from massgen_plugins.providers.gemini.media import (
    CACHED_CONTENT,
    MediaRates,
    inline_tokens,
    linked_tokens,
    rates_of,
)
from massgen_plugins.providers.tokens import text_tokens

__all__ = ["input_tokens"]

_INLINE = frozenset({"inlineData", "inline_data"})
_LINKED = frozenset({"fileData", "file_data"})
_CACHED = frozenset({"cachedContent", "cached_content"})
_CHAT = frozenset({"image_url", "input_audio"})
"""Media fields of the OpenAI-compatible path."""
_NOT_TEXT = _INLINE | _LINKED | _CACHED | _CHAT


def input_tokens(
    body: bytes | None, document: Mapping[str, Any], model: str, *, declared_size: str = ""
) -> int:
    """Estimate a request's input tokens from above.

    Everything in the body counts: contents with function calls, responses and thoughts, the system
    instruction, function declarations, schemas. Media count by Google's rates. The estimate exceeds the
    actual count for typical traffic; an unreadable body counts as one token per byte.

    Args:
        body: As it will be sent; None if unknown.
        document: The body as parsed by ``providers.estimate.decoded``.
        model: The resolved model, which determines the rates of media.
        declared_size: The ``content-length`` header, the bound for an unknown body.
    """
    if body is None or not document:
        return unread_body(body, declared_size).tokens
    rates = rates_of(model, high=b"RESOLUTION_HIGH" in body, ultra_high=b"ULTRA_HIGH" in body)
    return _tokens_of(document, rates)


def _tokens_of(document: Mapping[str, Any], rates: MediaRates) -> int:
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
