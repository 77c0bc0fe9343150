"""The maximum cost of a call before it is sent, and the interface to prices."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from massgen_plugins.middleware import ModelCall, Usage
from massgen_plugins.quota import Charge, Kind, Mode

__all__ = ["SAFETY_FACTOR", "Bound", "Prices", "forecast", "input_tokens", "makes_output"]

SAFETY_FACTOR = 2
"""Factor on the learned output tokens that are reserved for a request without a limit on its output."""

_FIRST_FORECAST = 500
"""Expected output tokens of a model's first call if its request sets no limit."""


class Prices(Protocol):
    """Knows the prices of models."""

    def upper_bound(self, call: ModelCall, input_tokens: int, max_output: int) -> int | None:
        """Maximum cost of a call in micro-dollars; None if unknown."""

    def cost(self, call: ModelCall, usage: Usage) -> int | None:
        """Actual cost of a call in micro-dollars; None if unknown."""


class Bound(NamedTuple):
    """The amount to reserve for a call.

    Attributes:
        micros: Micro-dollars; None if its price is unknown.
        exact: Whether it is a strict upper bound, since the request limits its output.
    """

    micros: int | None
    exact: bool


def input_tokens(call: ModelCall) -> int:
    """Upper bound of a call's input tokens, estimated from its request."""
    for kind in (Kind.INPUT_TOKENS, Kind.TOTAL_TOKENS):
        if kind in call.charges:
            return call.charges[kind].amount
    return 0


def makes_output(call: ModelCall) -> bool:
    """Whether a call generates output; embeddings only have input."""
    return Kind.OUTPUT_TOKENS in call.charges or Kind.TOTAL_TOKENS not in call.charges


def forecast(call: ModelCall) -> dict[str, Charge]:
    """The expected output of a call without a limit, before anything was learned."""
    known = call.charges.get(Kind.OUTPUT_TOKENS)
    return {Kind.OUTPUT_TOKENS: Charge(max(_FIRST_FORECAST, known.amount if known else 0), Mode.EXPECTED)}
