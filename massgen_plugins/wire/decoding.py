"""Reading a compressed body piece by piece, beside the client that decodes it for itself."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import TypeAlias

__all__ = ["Decode", "decoder_for"]

Decode: TypeAlias = Callable[[bytes], bytes]
"""Takes the next raw bytes, returns what they decode to so far."""


def decoder_for(content_encoding: str) -> Decode:
    """A fresh decoder for the value of a ``Content-Encoding`` header; the empty value decodes to itself.

    Raises:
        LookupError: A coding in it cannot be read here.
    """
    codings = [coding.strip().lower() for coding in content_encoding.split(",")]
    # Listed in the order in which they were applied.
    steps = [_decoder(coding) for coding in reversed(codings) if coding not in ("", "identity")]
    # Some decoders object to an empty piece after their end.
    return lambda data: reduce(lambda piece, decode: decode(piece) if piece else b"", steps, data)


def _decoder(coding: str) -> Decode:
    # httpx knows the quirks of each coding and which optional libraries are there.
    from httpx._decoders import SUPPORTED_DECODERS

    name = "gzip" if coding == "x-gzip" else coding
    decode: Decode = SUPPORTED_DECODERS[name]().decode
    return decode
