"""The gateway's entry for one agent's program, and the destination of its requests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass

from massgen_plugins.gateway.patience import Patience

__all__ = ["Entrance"]


def _nobody(_status: int, _headers: Mapping[str, str]) -> None:
    """Ignore the answer."""


@dataclass(frozen=True, slots=True, eq=False)
class Entrance:
    """The entry of one agent's program.

    Attributes:
        upstream: Returns the base URL that a request is meant for, given its headers (lower-case names).
        scope: Context manager around every upstream request, which assigns it to the agent.
        patience: How long the program waits for the first byte, and how to keep it waiting.
        seen: Called with status and headers (lower-case names) of every upstream answer.
    """

    upstream: Callable[[Mapping[str, str]], str]
    scope: Callable[[], AbstractContextManager[object]]
    patience: Patience
    seen: Callable[[int, Mapping[str, str]], None] = _nobody
