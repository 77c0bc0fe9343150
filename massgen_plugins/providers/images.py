"""Reads an image's size in pixels from the start of its file."""

from __future__ import annotations

import struct

__all__ = ["dimensions"]

_JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""Markers of JPEG frame headers; the three excluded ones are tables."""


def dimensions(head: bytes) -> tuple[int, int] | None:
    """Width and height in pixels of a PNG, JPEG, WebP or GIF.

    Args:
        head: The start of the file; a JPEG with large metadata needs up to 64 KiB.

    Returns:
        Both at least 1; None if the format is unknown, or the data is too short or damaged.
    """
    try:
        size = _read(head)
    except (struct.error, IndexError):
        return None
    return size if size and min(size) > 0 else None


def _read(head: bytes) -> tuple[int, int] | None:
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return _pair(head, ">II", 16)
    if head.startswith((b"GIF87a", b"GIF89a")):
        return _pair(head, "<HH", 6)
    if head.startswith(b"\xff\xd8"):
        return _read_jpeg(head)
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return _read_webp(head)
    return None


def _pair(head: bytes, form: str, offset: int) -> tuple[int, int]:
    width, height = struct.unpack_from(form, head, offset)
    return int(width), int(height)


def _read_jpeg(head: bytes) -> tuple[int, int] | None:
    offset = 2
    while head[offset] == 0xFF:
        marker = head[offset + 1]
        if marker == 0xFF:  # padding
            offset += 1
            continue
        if marker in _JPEG_FRAMES:
            height, width = _pair(head, ">HH", offset + 5)
            return width, height
        offset += 2 + int(struct.unpack_from(">H", head, offset + 2)[0])
    return None


def _read_webp(head: bytes) -> tuple[int, int] | None:
    coding = head[12:16]
    if coding == b"VP8 ":
        width, height = _pair(head, "<HH", 26)
        return width & 0x3FFF, height & 0x3FFF
    if coding == b"VP8L":
        bits = int(struct.unpack_from("<I", head, 21)[0])
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if coding == b"VP8X":
        low = struct.unpack_from("<6B", head, 24)
        return low[0] + (low[1] << 8) + (low[2] << 16) + 1, low[3] + (low[4] << 8) + (low[5] << 16) + 1
    return None
