"""Usage and exact cost of answers, in micro-dollars."""

from __future__ import annotations

from dataclasses import dataclass as plain_dataclass
from decimal import Decimal
from typing import Annotated

from pydantic import Field
from pydantic.dataclasses import dataclass

from massgen_plugins.sandbox.limits import STRICT

__all__ = ["Price", "Usage"]

Dollars = Annotated[Decimal, Field(ge=0, le=1_000_000)]


@plain_dataclass(frozen=True)
class Usage:
    """Tokens of one call.

    ``input``: all input, including ``cached`` (read from the provider's cache) and ``written`` (to it).
    ``output``: all output, including ``reasoning``.
    """

    input: int
    output: int = 0
    cached: int = 0
    written: int = 0
    reasoning: int = 0

    @property
    def fresh(self) -> int:
        """Input neither read from the cache nor written to it."""
        return self.input - self.cached - self.written


@dataclass(frozen=True, config=STRICT)
class Price:
    """Dollars per million tokens, that is, micro-dollars per token.

    ``cached``: for input read from the cache; ``written``: for input written to it; ``None``: as ``input``.
    """

    input: Dollars = Decimal(0)
    output: Dollars = Decimal(0)
    cached: Dollars | None = None
    written: Dollars | None = None

    def of(self, usage: Usage) -> Decimal:
        """Unrounded micro-dollars for ``usage``."""
        cached = self.input if self.cached is None else self.cached
        written = self.input if self.written is None else self.written
        paid_input = usage.fresh * self.input + usage.cached * cached + usage.written * written
        return paid_input + usage.output * self.output
