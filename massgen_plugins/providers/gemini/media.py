"""Tokens of images, audio, video and documents, by Google's published rates.

Sources, of 2025 and 2026: "Understand and count tokens", "Image understanding", "Document understanding" and
"Media resolution" at ai.google.dev/gemini-api/docs. Durations and page counts are not decoded, but estimated
from the size at a low bit rate, so that files are rarely longer than assumed.
"""

from __future__ import annotations

import binascii
import math
import re
from dataclasses import dataclass
from functools import lru_cache

from massgen_plugins.providers.images import dimensions
from massgen_plugins.providers.tokens import text_tokens

__all__ = ["CACHED_CONTENT", "MediaRates", "inline_tokens", "linked_tokens", "rates_of"]

CACHED_CONTENT = 32_768
"""Assumed tokens of a cache, which a request only references; cached tokens count in full."""

_TILE = 258
"""Tokens of an image up to 384 x 384 pixels, and of each tile of a larger one."""
_MOST_TILES = 24
"""Maximum after scaling down to 3072 pixels."""
_AUDIO_SECOND = 32
_FILM_SECOND = 312
"""Tokens per second: one frame of 258 to 280 tokens, and the audio."""

_COMPRESSED_SOUND = 2_000
"""Bytes per second: 16 kbit/s, a low rate for speech."""
_PLAIN_SOUND = 8_000
"""Bytes per second: 8 kHz, one channel, one byte per sample."""
_FILM = 32_000
"""Bytes per second: 256 kbit/s."""
_PAGE = 10_000
"""Bytes per page of a PDF."""
_MOST_PAGES = 1_000

_PLAIN_SOUND_TYPE = re.compile(r"wav|aiff|flac|pcm|l16|basic")
_OLD_MODEL = re.compile(r"gemini-[12]\b")
_HEAD = 88_000
"""Base64 characters of 66,000 bytes, enough for any image header."""


@dataclass(frozen=True, slots=True)
class MediaRates:
    """Rates that depend on model and resolution.

    Attributes:
        image: Minimum tokens of an image.
        page: Tokens of a PDF page.
    """

    image: int
    page: int


@lru_cache(maxsize=256)
def rates_of(model: str, *, high: bool, ultra_high: bool) -> MediaRates:
    """Rates of a model; ``high`` and ``ultra_high``: whether any part of the request asks for it."""
    if _OLD_MODEL.match(model):
        return MediaRates(image=_TILE, page=_TILE)
    return MediaRates(image=2_240 if ultra_high else 1_120, page=1_120 if high or ultra_high else 560)


def inline_tokens(mime: str, data: str, rates: MediaRates) -> int:
    """Tokens of inline data. Never raises.

    Args:
        mime: Media type as sent, such as ``image/png``; unknown types count as text.
        data: The data in base64.
        rates: See :func:`rates_of`.
    """
    mime = mime.lower()
    size = len(data.rstrip("=")) * 3 // 4
    if mime.startswith("image/"):
        return max(rates.image, _TILE * _tiles(dimensions(_decode(data[:_HEAD]))))
    if mime.startswith("audio/"):
        rate = _PLAIN_SOUND if _PLAIN_SOUND_TYPE.search(mime) else _COMPRESSED_SOUND
        return _AUDIO_SECOND * math.ceil(size / rate)
    if mime.startswith("video/"):
        return _FILM_SECOND * math.ceil(size / _FILM)
    if mime == "application/pdf":
        return rates.page * min(_MOST_PAGES, math.ceil(size / _PAGE))
    return text_tokens(_decode(data).decode("utf-8", "replace"))


def linked_tokens(mime: str, rates: MediaRates) -> int:
    """Assumed tokens of a referenced file, whose size is unknown.

    An image of maximum size, 30 minutes of audio, 5 minutes of video, 100 pages; 32,768 for other types.
    """
    mime = mime.lower()
    if mime.startswith("image/"):
        return max(rates.image, _TILE * _MOST_TILES)
    if mime.startswith("audio/"):
        return _AUDIO_SECOND * 1_800
    if mime.startswith("video/"):
        return _FILM_SECOND * 300
    if mime == "application/pdf":
        return rates.page * 100
    return 32_768


def _tiles(size: tuple[int, int] | None) -> int:
    """Tiles of an image; a tile's side is the image's shorter side divided by 1.5, from 256 to 768 pixels."""
    if size is None:
        return _MOST_TILES
    if max(size) <= 384:
        return 1
    scale = min(1.0, 3072 / max(size))
    width, height = (side * scale for side in size)
    tile = min(768.0, max(256.0, min(width, height) // 1.5))
    return min(_MOST_TILES, math.ceil(width / tile) * math.ceil(height / tile))


def _decode(data: str) -> bytes:
    """Decode standard or URL-safe base64, as far as it is valid."""
    plain = data.replace("-", "+").replace("_", "/").encode("ascii", "ignore")
    usable = plain[: len(plain) // 4 * 4] if b"=" not in plain[-2:] else plain
    try:
        return binascii.a2b_base64(usable)
    except binascii.Error:
        return data.encode("utf-8", "surrogatepass")
