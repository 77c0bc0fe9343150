"""Problems: of the shared store, and of this plugin."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["StoreChanged", "Trouble"]


@dataclass(frozen=True, slots=True)
class StoreChanged:
    """The shared store has failed or recovered; in between, limits are kept in memory.

    Attributes:
        working: Whether it works now.
        message: The problem and the fix, in one or two sentences.
    """

    working: bool
    message: str


@dataclass(frozen=True, slots=True)
class Trouble:
    """A problem of this plugin; the run continues.

    Attributes:
        message: The problem and the fix, in one or two sentences.
    """

    message: str
