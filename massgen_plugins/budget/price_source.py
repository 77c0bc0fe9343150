"""The source of prices for budgets."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from massgen_plugins.budget.prices import Price, Prices
from massgen_plugins.budget.usage import tokens_of
from massgen_plugins.middleware import ModelCall, Usage
from massgen_plugins.quota import Domain

__all__ = ["PriceSource"]


class PriceSource:
    """Uses the cost reported by the provider, the user's prices, and the price list, in this order.

    Args:
        settings: Returns the ``rate_limit:`` settings of a domain.
    """

    def __init__(self, settings: Callable[[Domain], Mapping[str, object]]) -> None:
        self._prices = Prices(settings)

    def upper_bound(self, call: ModelCall, input_tokens: int, max_output: int) -> int | None:
        """Maximum cost of a call in micro-dollars; None if unknown."""
        return self._prices.upper_bound(
            call.domain, call.model, input_tokens, max_output, call.requested_model
        )

    def cost(self, call: ModelCall, usage: Usage) -> int | None:
        """Actual cost of a call in micro-dollars, rounded up; None if unknown."""
        if usage.cost is not None:
            return math.ceil(Price.said(usage.cost).cost)
        tokens = tokens_of(call.domain.provider, usage.amounts, usage.raw)
        price = self._prices.price(call.domain, call.model, tokens, call.requested_model)
        return None if price is None else math.ceil(price.cost)
