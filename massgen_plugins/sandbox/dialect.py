"""The interface of protocols: parse a request, write an answer, write an error."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from massgen_plugins.sandbox.config import FaultRule, Host
from massgen_plugins.sandbox.coordination import Conversation, Reply
from massgen_plugins.sandbox.prices import Price, Usage
from massgen_plugins.sandbox.rulings import Violation

__all__ = [
    "Answer",
    "Call",
    "Dialect",
    "MalformedRequestError",
    "PlainAnswer",
    "Terms",
    "split_text",
    "sse",
]


class MalformedRequestError(Exception):
    """The request violates the protocol; the text tells the client how."""


@dataclass(frozen=True)
class Call:
    """A parsed request: ``model`` as sent by the client, ``input_tokens`` by our own count.

    ``output_bound``: its limit on output tokens, ``None`` without one.
    ``characters``: of its text and tools.
    """

    model: str
    streamed: bool
    input_tokens: int
    conversation: Conversation
    with_usage: bool = True
    output_bound: int | None = None
    characters: int = 0


@dataclass(frozen=True)
class Terms:
    """Parameters of an answer: at most ``chunks`` pieces of text, usage and price.

    ``usage`` has the input; the answer adds its own output and ``reasoning`` hidden tokens.
    """

    serial: int
    chunks: int
    usage: Usage
    reasoning: int = 0
    price: Price | None = None

    def whole(self, visible: int) -> Usage:
        """The usage of an answer with this many visible tokens."""
        return replace(self.usage, output=visible + self.reasoning, reasoning=self.reasoning)


@dataclass(frozen=True)
class PlainAnswer:
    """A response that is never streamed, most often an error: status, JSON body, extra headers.

    ``wait``: nanoseconds before the next attempt, ``None`` if not stated.
    """

    status: int
    body: Any
    headers: dict[str, str] = field(default_factory=dict)
    wait: int | None = None


@dataclass(frozen=True)
class Answer:
    """A reply ready to send, as a JSON body and as server-sent events.

    ``preamble``: number of events before any content. ``closing``: number of events after all content.
    ``progress``: tokens reported after each event; without it, tokens are spread evenly over content events.
    """

    body: dict[str, Any]
    events: tuple[bytes, ...]
    output_tokens: int
    preamble: int = 0
    closing: int = 1
    progress: tuple[int, ...] = ()

    def tokens_after(self, events: int) -> int:
        """Output tokens in the first ``events`` events."""
        if not events or events >= len(self.events):
            return self.output_tokens if events else 0
        if self.progress:
            return self.progress[events - 1]
        carrying = max(1, len(self.events) - self.preamble - self.closing)
        return self.output_tokens * min(carrying, max(0, events - self.preamble)) // carrying


class Dialect(Protocol):
    """One provider's protocol. Pure: stateless and without I/O."""

    @property
    def host(self) -> Host:
        """The host whose format it uses."""

    def read(self, raw: bytes) -> Call:
        """Parse a request body; raises ``MalformedRequestError``."""

    def answer(self, call: Call, reply: Reply, terms: Terms) -> Answer:
        """``reply`` in this protocol."""

    def refusal(self, violations: Sequence[Violation], model: str, unix: int) -> PlainAnswer:
        """The answer to a call refused at ``unix`` (ns); ``model`` is the resolved one."""

    def fault(self, rule: FaultRule, model: str, unix: int) -> PlainAnswer:
        """The answer for an injected error (not for a reset or a stall)."""

    def malformed(self, message: str, status: int = 400) -> PlainAnswer:
        """The answer to a malformed request (400), without a key (401) or for an unknown path (404)."""

    def error_event(self, error: PlainAnswer, model: str) -> bytes:
        """``error`` as an event inside a stream that began with 200."""


def split_text(text: str, pieces: int) -> list[str]:
    """Split ``text`` into at most ``pieces`` parts of similar length, at least one."""
    size = max(1, -(-len(text) // pieces))
    return [text[start : start + size] for start in range(0, len(text), size)] or [""]


def sse(data: Any, event: str | None = None) -> bytes:
    """One server-sent event with JSON ``data``."""
    name = f"event: {event}\r\n" if event else ""
    return f"{name}data: {json.dumps(data, ensure_ascii=False)}\r\n\r\n".encode()
