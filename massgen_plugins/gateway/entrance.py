"""Where one agent's program comes in, and where its requests go."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass

from massgen_plugins.gateway.patience import Patience

__all__ = ["Entrance"]


def _nobody(_status: int, _headers: Mapping[str, str]) -> None:
    """Nobody is told."""


@dataclass(frozen=True, slots=True, eq=False)
class Entrance:
    """One agent's.

    Attributes:
        upstream: The base URL of a request's real destination, by its headers (lower-case names).
        scope: Entered around every request that is sent upstream: it is the agent's.
        patience: How long the program waits for a first byte, and how it is kept waiting.
        seen: Told of the status and the headers (lower-case names) of every answer that came from upstream.
    """

    upstream: Callable[[Mapping[str, str]], str]
    scope: Callable[[], AbstractContextManager[object]]
    patience: Patience
    seen: Callable[[int, Mapping[str, str]], None] = _nobody
