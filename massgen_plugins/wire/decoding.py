"""Decodes compressed bodies incrementally, independently of the client's own decoding."""

from __future__ import annotations

from typing import Any

__all__ = ["Decoder", "decoded"]


class Decoder:
    """Decodes until the first error; from then on, everything decodes to nothing.

    Args:
        content_encoding: Value of the ``Content-Encoding`` header; if empty, data is returned unchanged.
    """

    def __init__(self, content_encoding: str) -> None:
        codings = [coding.strip().lower() for coding in content_encoding.split(",")]
        try:
            # The header lists codings in the order in which they were applied.
            self._steps: list[Any] | None = [
                _decoder(coding) for coding in reversed(codings) if coding not in ("", "identity")
            ]
        except (ImportError, LookupError):
            self._steps = None

    def decode(self, data: bytes) -> bytes:
        """Decode the next bytes, split anywhere; returns what is available so far."""
        if self._steps is None:
            return b""
        try:
            for step in self._steps:
                if data:  # some decoders reject an empty piece after the end
                    data = step.decode(data)
        except Exception:  # decoding libraries raise various types
            self._steps = None
            return b""
        return data


def decoded(body: bytes, content_encoding: str) -> bytes | None:
    """Decompress a complete body; None if it cannot be decoded."""
    if not body or content_encoding.strip().lower() in ("", "identity"):
        return body
    return Decoder(content_encoding).decode(body) or None


def _decoder(coding: str) -> Any:
    # httpx knows the quirks of each coding, and which optional libraries are installed.
    from httpx._decoders import SUPPORTED_DECODERS

    return SUPPORTED_DECODERS["gzip" if coding == "x-gzip" else coding]()
