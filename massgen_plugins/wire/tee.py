"""Reads along while a body passes through to the client: first for the verdict, then for the usage."""

from __future__ import annotations

from massgen_plugins.middleware import ModelCall
from massgen_plugins.providers.base import UsageReader
from massgen_plugins.quota import Amounts
from massgen_plugins.wire.decoding import decoder_for
from massgen_plugins.wire.gate import Gate, report_fault

__all__ = ["Tee"]


class Tee:
    """Decodes what passes and reports the usage in it; it neither changes a byte nor raises while passing.

    Args:
        gate: Where usage and faults are reported.
        call: Whose answer it is.
        reader: Finds the usage in the decoded body; None when there is none to find.
        content_encoding: How the passing bytes are compressed; empty if they are not.
    """

    def __init__(
        self, gate: Gate, call: ModelCall, reader: UsageReader | None, content_encoding: str
    ) -> None:
        self._gate = gate
        self._call = call
        self._reader = reader
        self._decode = decoder_for(content_encoding)
        self._reported: Amounts | None = None
        self._blind = False

    def read(self, data: bytes) -> bytes:
        """Read the next bytes and return them decoded; raises what decoding or reading raises."""
        self._blind = True  # until proven otherwise: a decoder that failed once cannot go on
        decoded = self._decode(data)
        if self._reader is not None:
            self._reader.feed(decoded)
        self._blind = False
        return decoded

    def see(self, data: bytes) -> None:
        """Read bytes that pass to the client; a fault is reported once and ends the reading."""
        if self._blind or self._reader is None:
            return
        try:
            self.read(data)
        except Exception as error:
            report_fault(self._gate, "usage", error)

    def end(self) -> None:
        """The body is over, or the client reads no further: report the usage if there is news."""
        if self._blind or self._reader is None:
            return
        try:
            usage = self._reader.usage()
            if usage is not None and usage != self._reported:
                self._reported = usage
                self._gate.chain.on_usage(self._call, usage)
        except Exception as error:
            self._blind = True
            report_fault(self._gate, "on_usage", error)
