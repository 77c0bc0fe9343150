"""Upper bound of the input tokens of a JSON body, before it is sent; base64 data is not counted as text."""

from __future__ import annotations

import base64
import binascii
import json
import math
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeAlias

from massgen_plugins.providers.images import dimensions
from massgen_plugins.providers.tokens import text_tokens

__all__ = ["UNKNOWN_BODY", "ImageRule", "Sizes", "decoded", "measure", "unread_body"]

ImageRule: TypeAlias = Callable[[tuple[int, int] | None], int]
"""Returns the tokens of an image, given its width and height, or None if unknown."""

UNKNOWN_BODY = 32_768
"""Assumed tokens of an unknown body, such as a stream of unknown length."""
_LINKED = 8_192
"""Assumed tokens of a stored file or an earlier answer that the request only references."""
_LARGEST_BODY = 100 * 1024 * 1024

_PAGE_BYTES, _PAGE_TOKENS, _MOST_PAGES = 20_000, 3_000, 100
"""PDF pages: assumed bytes and 1,500 to 3,000 tokens each (Anthropic, "PDF support", 2026)."""
_SOUND_BYTES, _SOUND_TOKENS = 2_000, 10
"""A second of audio at a low bit rate; 10 tokens (OpenAI, "Audio", 2026)."""
_HEAD = 88_000
"""Base64 characters of 66,000 bytes, enough for any image header."""
_DATA_URL = re.compile(r"data:(?P<mime>[\w.+-]{1,60}/[\w.+-]{1,60})?[^,]{0,100}?;base64,", re.ASCII)
_IDS = frozenset({"file_id", "previous_response_id", "conversation"})
_SOURCES = frozenset({"source", "input_audio", "inline_data", "inlineData"})
_NOT_TEXT = _IDS | _SOURCES | {"image_url"}


class Sizes(NamedTuple):
    """Sizes of the parts of a body.

    Attributes:
        text: Upper bound of the tokens of all text, schemas and names included.
        media: Tokens of images, audio and files.
        characters: Bytes of the text; some providers charge a quarter of them.
    """

    text: int
    media: int
    characters: int

    @property
    def tokens(self) -> int:
        """Upper bound of all input tokens."""
        return self.text + self.media


def decoded(body: bytes | None) -> Mapping[str, Any]:
    """The fields of a JSON body; empty if it is not an object, too large, or unknown."""
    if body is None or len(body) > _LARGEST_BODY:
        return {}
    try:
        document = json.loads(body)
    except (ValueError, RecursionError, MemoryError):
        return {}
    return document if isinstance(document, dict) else {}


def unread_body(body: bytes | None, declared: str) -> Sizes:
    """Sizes of a body that is not JSON or unknown; ``declared`` is its ``content-length``."""
    if body is None:
        size = int(declared) if declared.isdecimal() and len(declared) < 12 else UNKNOWN_BODY
    else:
        size = len(body)
    return Sizes(size, 0, size)


def measure(document: Any, size: int, image: ImageRule) -> Sizes:
    """Measure a document without recursion; everything but media counts as text, in any field.

    Args:
        document: The decoded body.
        size: Size of the body in bytes.
        image: The provider's rule for images.
    """
    if size > _LARGEST_BODY:
        return Sizes(size, 0, size)
    texts: list[str] = []
    media = 0
    pending: list[Any] = [document]
    while pending:
        node = pending.pop()
        if isinstance(node, str):
            tokens = _data_url(node, image) if node.startswith("data:") else None
            if tokens is None:
                texts.append(node)
            media += tokens or 0
        elif isinstance(node, list):
            pending.extend(node)
        elif isinstance(node, dict):
            for key, value in node.items():
                tokens = _media_field(key, value, image) if key in _NOT_TEXT else None
                media += tokens or 0
                texts.append(key)
                if tokens is None:
                    pending.append(value)
        else:
            texts.append(str(node))
    # The newline after each text accounts for the quotes, colons and role markers around it.
    joined = "\n".join(texts)
    characters = len(joined.encode("utf-8", "surrogatepass")) + 4 * len(texts)
    return Sizes(text_tokens(joined) + 1, media, min(characters, size))


def _media_field(key: str, value: Any, image: ImageRule) -> int | None:
    """Tokens of a field with media or a reference to media; None for other fields."""
    if key in _IDS:
        return _LINKED if isinstance(value, str) and value else None
    if key == "image_url":
        link = value.get("url") if isinstance(value, dict) else value
        return image(None) if isinstance(link, str) and link.startswith("http") else None
    if key in _SOURCES and isinstance(value, dict):
        return _source(value, image)
    return None


def _source(source: Mapping[str, Any], image: ImageRule) -> int | None:
    """Anthropic's ``source`` and OpenAI's ``input_audio``: a type and base64, or a link."""
    data = source.get("data")
    if isinstance(data, str):
        mime = next(
            (str(source[name]) for name in ("media_type", "mime_type", "format") if name in source), ""
        )
        return _inline(mime, data, image) if mime and source.get("type") != "text" else None
    if source.get("type") == "url":
        return max(_LINKED, image(None))
    return None


def _data_url(text: str, image: ImageRule) -> int | None:
    match = _DATA_URL.match(text)
    return None if match is None else _inline(match["mime"] or "", text[match.end() :], image)


def _inline(mime: str, data: str, image: ImageRule) -> int:
    """Tokens of base64 data by media type; unknown types count as text."""
    mime = mime.lower()
    size = len(data) * 3 // 4
    if mime.startswith("image/"):
        return image(dimensions(_decode(data[:_HEAD])))
    if mime == "application/pdf":
        return _PAGE_TOKENS * min(_MOST_PAGES, math.ceil(size / _PAGE_BYTES))
    if mime.startswith(("audio/", "video/")) or mime in {"wav", "mp3", "flac", "opus", "pcm16"}:
        return _SOUND_TOKENS * math.ceil(size / _SOUND_BYTES)
    return text_tokens(_decode(data).decode("utf-8", "replace"))


def _decode(data: str) -> bytes:
    data = data[: len(data) - len(data) % 4]
    try:
        return base64.b64decode(data)
    except (binascii.Error, ValueError):
        return b""
