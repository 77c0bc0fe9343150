"""Reading a compressed body piece by piece, beside the client that decodes it for itself."""

from __future__ import annotations

from typing import Any

__all__ = ["Decoder", "decoded"]


class Decoder:
    """Decodes what it can: from the first piece on that cannot be decoded, everything decodes to nothing.

    Args:
        content_encoding: Value of a ``Content-Encoding`` header; an empty one decodes to the data itself.
    """

    def __init__(self, content_encoding: str) -> None:
        codings = [coding.strip().lower() for coding in content_encoding.split(",")]
        try:
            # Listed in the order in which they were applied.
            self._steps: list[Any] | None = [
                _decoder(coding) for coding in reversed(codings) if coding not in ("", "identity")
            ]
        except (ImportError, LookupError):
            self._steps = None

    def decode(self, data: bytes) -> bytes:
        """Take the next bytes, cut anywhere; returns what they decode to so far."""
        if self._steps is None:
            return b""
        try:
            for step in self._steps:
                if data:  # some decoders object to an empty piece after their end
                    data = step.decode(data)
        except Exception:  # whatever a decoding library raises
            self._steps = None
            return b""
        return data


def decoded(body: bytes, content_encoding: str) -> bytes | None:
    """A whole body as it was before it was compressed; None if it cannot be decoded."""
    if not body or content_encoding.strip().lower() in ("", "identity"):
        return body
    return Decoder(content_encoding).decode(body) or None


def _decoder(coding: str) -> Any:
    # httpx knows the quirks of each coding and which optional libraries are there.
    from httpx._decoders import SUPPORTED_DECODERS

    return SUPPORTED_DECODERS["gzip" if coding == "x-gzip" else coding]()
