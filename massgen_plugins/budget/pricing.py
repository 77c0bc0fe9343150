"""What a call may cost before it leaves, and what it did cost; by prices that somebody else knows."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from massgen_plugins.middleware import ModelCall, Usage
from massgen_plugins.quota import Charge, Kind, Mode

__all__ = ["SAFETY_FACTOR", "Bound", "Prices", "forecast", "input_tokens", "makes_output"]

SAFETY_FACTOR = 2
"""Times the learned expectation of output tokens is reserved when a request sets no bound."""

_FIRST_FORECAST = 4_000
"""Output tokens expected of a model's first call, where its request says nothing."""


class Prices(Protocol):
    """Knows what models cost."""

    def upper_bound(self, call: ModelCall, input_tokens: int, max_output: int) -> int | None:
        """Micro-dollars that a call costs at the most; None if nobody knows."""

    def cost(self, call: ModelCall, usage: Usage) -> int | None:
        """Micro-dollars that a call did cost; None if nobody knows."""


class Bound(NamedTuple):
    """What is reserved for a call.

    Attributes:
        micros: Micro-dollars; None if nobody knows its price.
        exact: Whether it cannot cost more: its request bounds the output.
    """

    micros: int | None
    exact: bool


def input_tokens(call: ModelCall) -> int:
    """Upper bound of a call's input, as estimated from its request."""
    for kind in (Kind.INPUT_TOKENS, Kind.TOTAL_TOKENS):
        if kind in call.charges:
            return call.charges[kind].amount
    return 0


def makes_output(call: ModelCall) -> bool:
    """Whether an answer is produced at all: of embeddings, only the input counts."""
    return Kind.OUTPUT_TOKENS in call.charges or Kind.TOTAL_TOKENS not in call.charges


def forecast(call: ModelCall) -> dict[str, Charge]:
    """What a call without a bound is expected to produce, before anything was learned."""
    known = call.charges.get(Kind.OUTPUT_TOKENS)
    return {Kind.OUTPUT_TOKENS: Charge(max(_FIRST_FORECAST, known.amount if known else 0), Mode.EXPECTED)}
