"""The cost of a call: reported by the provider, else by the user's prices or a price list, else unknown."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Self

from massgen_plugins.budget.genai import PriceList
from massgen_plugins.budget.rates import Part, Rates, cost_of, own_rates, parts_of
from massgen_plugins.budget.usage import Tokens
from massgen_plugins.quota import Domain

__all__ = ["PROVIDERS_WORD", "Price", "Prices"]

PROVIDERS_WORD = "the provider"
"""Source of a cost reported in the answer."""

_EXACT = Decimal("0.000001")
"""A millionth of a micro-dollar: rounding of costs that providers report as floats."""


@dataclass(frozen=True, slots=True)
class Price:
    """The cost of a call, and how it was computed.

    Attributes:
        cost: Micro-dollars, exact.
        parts: Kind, count, and US dollars per million; empty if the provider reported the cost.
        source: Origin of the prices.
        dated: Date of the prices, YYYY-MM-DD; "" if unknown.
    """

    cost: Decimal
    parts: tuple[Part, ...]
    source: str
    dated: str

    @classmethod
    def said(cls, cost: float) -> Self:
        """A cost in micro-dollars reported by the provider, which takes precedence over all others."""
        return cls(Decimal(str(cost)).quantize(_EXACT), (), PROVIDERS_WORD, "")


class Prices:
    """Prices of models, by domain.

    The first lookup may load the price list, which takes tenths of a second: do not make it on an event loop.
    No method raises.

    Args:
        settings: Returns the ``rate_limit:`` settings of a domain, with the user's prices.
    """

    def __init__(self, settings: Callable[[Domain], Mapping[str, object]] = lambda _: {}) -> None:
        self._settings = settings
        self._list = PriceList()

    def load(self) -> None:
        """Load the price list in advance."""
        self._list.load()

    def rates(
        self, domain: Domain, model: str, tokens_in: int, requested: str = "", at: float | None = None
    ) -> Rates | None:
        """Unit prices of a model for a request of this size; None if unknown.

        Args:
            domain: The call's domain.
            model: The resolved model.
            tokens_in: Input tokens.
            requested: The model's name as sent, used if the resolved one is unknown.
            at: Seconds since the epoch; None for now.
        """
        names = [model] if requested in ("", model) else [model, requested]
        block = self._settings(domain)
        for name in names:
            if own := own_rates(block, domain.provider, name, tokens_in):
                return own
        listed = (self._list.rates(domain.provider, name, tokens_in, at) for name in names)
        return next((found for found in listed if found is not None), None)

    def price(
        self,
        domain: Domain,
        model: str,
        tokens: Tokens | None,
        requested: str = "",
        at: float | None = None,
    ) -> Price | None:
        """Compute the cost of a call from its usage (if reported, see :meth:`Price.said`); None if unknown.

        Args:
            domain: The call's domain.
            model: The resolved model.
            tokens: Its usage; None if the provider reported none.
            requested: The model's name as sent.
            at: When it was sent, in seconds since the epoch; None for now.
        """
        rates = self.rates(domain, model, tokens.input, requested, at) if tokens is not None else None
        if tokens is None or rates is None:
            return None
        parts = parts_of(tokens, rates)
        return Price(cost_of(parts), parts, rates.source, rates.dated)

    def upper_bound(
        self, domain: Domain, model: str, input_tokens: int, max_output: int, requested: str = ""
    ) -> int | None:
        """The maximum cost of a call, in micro-dollars; None if its price is unknown.

        All input is priced as the most expensive kind of text, such as cache writes. Not included: web
        searches made by the model, audio that costs more than text, and one-hour cache writes.

        Args:
            domain: The call's domain.
            model: The resolved model.
            input_tokens: Upper bound of the input.
            max_output: Upper bound of the output.
            requested: The model's name as sent.
        """
        rates = self.rates(domain, model, input_tokens, requested)
        if rates is None:
            return None
        output = max(rates.output, rates.reasoning or rates.output)
        return math.ceil(input_tokens * rates.dearest_input + max_output * output + (rates.request or 0))
