"""How long each program waits for the first byte of an answer, and how to keep it waiting longer.

Tested with the versions named below, against loopback servers (2026-11-30); ``python -m
tests.gateway.patience`` repeats the tests in real time.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["PATIENCE", "Patience", "Way"]


class Way(StrEnum):
    """How to keep a program waiting longer than its own timeout."""

    HOLD = "hold"
    """Nothing to do: its timeout is longer than any wait."""
    ASK_AGAIN = "ask again"
    """Send a 503 with ``retry-after: 0`` before its timeout, and keep its place until it retries."""
    PROCESSING = "processing"
    """Send an interim ``102 Processing`` response, which restarts its timeout."""


@dataclass(frozen=True, slots=True)
class Patience:
    """The timeout behaviour of one program.

    Attributes:
        way: How to keep it waiting.
        every: Seconds without a byte after which to act.
        tried: The versions tested.
        waits: The program's own behaviour, described in words.
    """

    way: Way
    every: float
    tried: tuple[str, ...]
    waits: str


PATIENCE = {
    "claude_code": Patience(Way.ASK_AGAIN, 280.0, ("2.1.71",), "300 s, then sends again"),
    "codex": Patience(Way.HOLD, 0.0, ("0.130.0",), "at least 331 s"),
    "gemini_cli": Patience(Way.PROCESSING, 20.0, ("0.61.0",), "60 s, then sends again"),
    "copilot": Patience(Way.ASK_AGAIN, 280.0, ("0.0.420",), "less than 340 s, then sends again"),
}
"""By MassGen's backend type."""
