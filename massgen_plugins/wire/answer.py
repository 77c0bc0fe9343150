"""Reads an answer: its start, held back to look for a refusal, then the rest as it passes to the client."""

from __future__ import annotations

import re
from collections.abc import Iterable
from time import monotonic

from massgen_plugins.interrupts import ends_the_run
from massgen_plugins.middleware import CallOutcome, Refusal, Usage
from massgen_plugins.providers.base import ModelRequest, Provider
from massgen_plugins.providers.sse import Event, EventReader
from massgen_plugins.wire.attempt import Attempt
from massgen_plugins.wire.decoding import Decoder
from massgen_plugins.wire.gate import Gate, guarded, report_fault
from massgen_plugins.wire.sender import Head, Late, ReceivedResponse

__all__ = ["AnswerReader"]

_HELD_BYTES = 64 * 1024
"""Maximum number of bytes of a stream that are held back."""

_HELD_SECONDS = 2.0
"""Maximum number of seconds for which events of a stream are held back."""

_ERROR_BYTES = 1024 * 1024

_QUOTA_HEADER = re.compile(r"^date$|^retry-after|ratelimit|rate-limit|quota")


class AnswerReader:
    """Reads one answer without changing it; errors are reported, not raised.

    Args:
        gate: Receives reports of errors.
        attempt: Receives usage, late refusals and the end of the answer.
        provider: Parses the answer.
        request: The model call.
        head: The answer's status and headers.

    Attributes:
        outcome: The outcome according to status and headers.
        held: The decoded pieces of the body that are held back.
    """

    def __init__(
        self, gate: Gate, attempt: Attempt, provider: Provider, request: ModelRequest, head: Head
    ) -> None:
        self._gate = gate
        self._attempt = attempt
        self._provider = provider
        self._request = request
        self._status = status = head.status
        self._headers = head.headers
        self._decoder = Decoder(head.content_encoding) if head.content_encoding else None
        self._is_stream = status == 200 and "event-stream" in head.headers.get("content-type", "")
        self._events = EventReader() if self._is_stream else None
        self._usage = guarded(gate, "usage_reader", provider.usage_reader, request) if status == 200 else None
        announced = guarded(gate, "read_announcement", provider.read_announcement, head.headers, request)
        headers = {name: value for name, value in head.headers.items() if _QUOTA_HEADER.search(name)}
        self.outcome = CallOutcome(status, sent=attempt.written, headers=headers, announced=announced or ())
        self._reported: Usage | None = None
        self.held: list[bytes] = []
        self._ended = False

    def refusal_in(self, body: bytes) -> Refusal | None:
        """Let the provider parse an error body or one event as a refusal."""
        read = self._provider.read_refusal
        return guarded(self._gate, "read_refusal", read, self._status, self._headers, body, self._request)

    async def beginning(self, response: ReceivedResponse) -> Refusal | None:
        """Look for a refusal in the start of the body: all of an error, the first events of a stream."""
        if self._status >= 400:
            return self.refusal_in(await self._error_body(response))
        if self._events is not None:
            return await self._first_events(response, self._events)
        if self._status != 200 or not self._request.stream:
            return None
        # A stream without events: only its first piece is examined.
        piece = self._decoded(await response.next_piece(None) or b"")
        self.held.append(piece)
        return self.refusal_in(piece) if piece else None

    async def _error_body(self, response: ReceivedResponse) -> bytes:
        """The body, truncated; if decoding fails, what was decoded before: the status suffices."""
        body, size = bytearray(), 0
        while size < _ERROR_BYTES and (piece := await response.next_piece(None)) is not None:
            size += len(piece)
            body += self._decoded(piece)
        return bytes(body[:_ERROR_BYTES])

    async def _first_events(self, response: ReceivedResponse, reader: EventReader) -> Refusal | None:
        """Examine events until one is no preamble; bounded in bytes and, from the first event on, in time."""
        size, preamble = 0, True
        until: float | None = None
        piece: bytes | None = b""
        while preamble and piece is not None and size < _HELD_BYTES:
            seconds = None if until is None else until - monotonic()
            if seconds is not None and seconds <= 0:
                break
            try:
                piece = await response.next_piece(seconds)
            except Late:
                break
            for event in self._next_events(piece, reader):
                if not event.data:  # a comment, which only keeps the connection alive
                    continue
                until = until or monotonic() + _HELD_SECONDS
                if (preamble or _may_be_error(event)) and (refusal := self.refusal_in(event.raw)):
                    return refusal
                self._look_for_end(event)
                preamble = preamble and bool(
                    guarded(self._gate, "is_preamble", self._provider.is_preamble, event.raw)
                )
            size += len(piece or b"")
        return None

    def _next_events(self, piece: bytes | None, reader: EventReader) -> list[Event]:
        if piece is None:
            last = reader.end()
            return [] if last is None else [last]
        decoded = self._decoded(piece)
        self.held.append(decoded)
        return reader.feed(decoded)

    def pass_on(self) -> None:
        """Called when the answer is passed to the client: the held pieces count as usage from now on."""
        held, self.held = self.held, []
        for data in held:
            self.see(data, held=True)

    def see(self, data: bytes, *, held: bool = False) -> None:
        """Process the next bytes that pass to the client; ``held`` ones are decoded and split already."""
        if self._usage is None and self._events is None:
            return
        try:
            if self._decoder is not None and not held:
                data = self._decoder.decode(data)
            if self._usage is not None:
                self._usage.feed(data)
                # A client may keep a stream open after its last event. Other bodies would have to be parsed
                # from the start for every piece.
                if self._is_stream:
                    self._report_usage()
            if self._events is not None and not held:
                self._learn(self._events.feed(data))
        except BaseException as error:
            self._give_up(error)

    def end(self) -> None:
        """Called when the body is complete, or the client stops reading."""
        if self._ended:
            return
        self._ended = True
        try:
            self._report_usage()
            last = None if self._events is None else self._events.end()
            if last is not None:
                self._learn([last])
        except BaseException as error:
            self._give_up(error)
        self._attempt.finish()

    def _give_up(self, error: BaseException) -> None:
        """Report an error and stop reading this answer."""
        if ends_the_run(error):
            raise error
        self._usage = self._events = None
        report_fault(self._gate, "usage", error)

    def _report_usage(self) -> None:
        usage = None if self._usage is None else self._usage.usage()
        if usage is not None and usage != self._reported:
            self._reported = usage
            guarded(self._gate, "on_usage", self._gate.chain.on_usage, self._attempt.call, usage)

    def _learn(self, events: Iterable[Event]) -> None:
        for event in events:
            self._look_for_end(event)
            if _may_be_error(event) and (refusal := self.refusal_in(event.raw)) is not None:
                self._events = None  # one is enough
                chain, call = self._gate.chain, self._attempt.call
                guarded(self._gate, "on_late_refusal", chain.on_late_refusal, call, refusal)
                return

    def _look_for_end(self, event: Event) -> None:
        """Finish the attempt once the answer is complete, even if the client keeps the stream open."""
        is_end = bool(event.data and guarded(self._gate, "is_end", self._provider.is_end, event.raw))
        if is_end:
            self._attempt.finish()

    def _decoded(self, data: bytes) -> bytes:
        return data if self._decoder is None else self._decoder.decode(data)


def _may_be_error(event: Event) -> bool:
    """A cheap filter, applied to every event."""
    return b"error" in event.raw or b"failed" in event.raw
