"""What the server needs from a protocol: read a request, write an answer, word an error."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from massgen_plugins.sandbox.bodies import Violation
from massgen_plugins.sandbox.config import FaultRule
from massgen_plugins.sandbox.coordination import Conversation, Reply

__all__ = ["Answer", "Call", "Dialect", "MalformedRequestError", "PlainAnswer", "split_text", "sse"]


class MalformedRequestError(Exception):
    """The request breaks the protocol; the text says how, for the client to read."""


@dataclass(frozen=True)
class Call:
    """A request for an answer: ``model`` as the client named it, ``input_tokens`` by our own count."""

    model: str
    streamed: bool
    input_tokens: int
    conversation: Conversation
    with_usage: bool = True


@dataclass(frozen=True)
class PlainAnswer:
    """A response that is never streamed, most often an error: status, JSON body, extra headers."""

    status: int
    body: Any
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    """A reply ready to send: as one JSON body, and as the server-sent events of a stream."""

    body: dict[str, Any]
    events: tuple[bytes, ...]
    output_tokens: int


class Dialect(Protocol):
    """One provider's protocol. Pure: no dialect keeps state or does input and output."""

    def read(self, raw: bytes) -> Call:
        """The call in a request body; raises ``MalformedRequestError``."""

    def answer(self, call: Call, reply: Reply, serial: int, chunks: int) -> Answer:
        """``reply`` in this protocol; a stream carries its text in at most ``chunks`` pieces."""

    def refusal(self, violations: Sequence[Violation], model: str) -> PlainAnswer:
        """The answer to a call that its quotas refuse; ``model`` is the resolved one."""

    def fault(self, rule: FaultRule, model: str) -> PlainAnswer:
        """The answer for an injected error (not for a reset or a stall)."""

    def malformed(self, message: str, status: int = 400) -> PlainAnswer:
        """The answer to a request without form (400), without a key (401) or for nothing known (404)."""

    def error_event(self, error: PlainAnswer) -> bytes:
        """``error`` as an event inside a stream that began with 200."""


def split_text(text: str, pieces: int) -> list[str]:
    """``text`` in at most ``pieces`` parts of about the same length, at least one."""
    size = max(1, -(-len(text) // pieces))
    return [text[start : start + size] for start in range(0, len(text), size)] or [""]


def sse(data: Any, event: str | None = None) -> bytes:
    """One server-sent event with JSON ``data``."""
    name = f"event: {event}\r\n" if event else ""
    return f"{name}data: {json.dumps(data, ensure_ascii=False)}\r\n\r\n".encode()
