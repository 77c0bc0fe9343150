"""How long each program waits for the first byte of an answer, and how a longer wait is held.

Tried with the versions that are named, against loopback servers (2026-11-30); ``python -m
tests.gateway.patience`` tries it again at the real times.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["PATIENCE", "Patience", "Way"]


class Way(StrEnum):
    """What keeps a program waiting longer than it would by itself."""

    HOLD = "hold"
    """Nothing is needed: it waits as long as any call may."""
    ASK_AGAIN = "ask again"
    """Before it gives up it gets a 503 with ``retry-after: 0``, and its place is kept until it is back."""
    PROCESSING = "processing"
    """An interim answer, ``102 Processing``, makes it wait anew."""


@dataclass(frozen=True, slots=True)
class Patience:
    """One program's.

    Attributes:
        way: How a long wait is held.
        every: Seconds without a byte after which that is done.
        tried: The versions with which it was tried.
        waits: What the program does by itself, in words.
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
