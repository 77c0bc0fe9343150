"""What a call costs: the provider's own word, else the user's prices, else a price list, else unknown."""

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
"""Source of a cost that came with the answer."""

_EXACT = Decimal("0.000001")
"""A millionth of a micro-dollar: what a provider's own figure, a floating-point number, is rounded to."""


@dataclass(frozen=True, slots=True)
class Price:
    """What a call cost, and why.

    Attributes:
        cost: Micro-dollars, exact.
        parts: What for, how many, and US dollars for a million of them; empty if the provider said the cost.
        source: Whose prices these are.
        dated: When they were seen, YYYY-MM-DD; "" if that is not known.
    """

    cost: Decimal
    parts: tuple[Part, ...]
    source: str
    dated: str

    @classmethod
    def said(cls, cost: float) -> Self:
        """The provider's own word, in micro-dollars: it goes before all others."""
        return cls(Decimal(str(cost)).quantize(_EXACT), (), PROVIDERS_WORD, "")


class Prices:
    """Prices of all models, as they hold for each domain.

    The first question about a model may take some tenths of a second, when the price list is loaded: not
    for an event loop. None of the methods raises.

    Args:
        settings: The ``rate_limit:`` block that holds for a domain, in which the user's prices stand.
    """

    def __init__(self, settings: Callable[[Domain], Mapping[str, object]] = lambda _: {}) -> None:
        self._settings = settings
        self._list = PriceList()

    def load(self) -> None:
        """Load the price list now, so that no question has to wait for it."""
        self._list.load()

    def rates(
        self, domain: Domain, model: str, tokens_in: int, requested: str = "", at: float | None = None
    ) -> Rates | None:
        """Unit prices of a model for a request of this size; None if nobody knows them.

        Args:
            domain: Whose call it is.
            model: The resolved model.
            tokens_in: How much is sent.
            requested: The model's name as it was sent: tried when the resolved one is not known.
            at: When, in seconds since the epoch; None: now.
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
        """What a call cost whose provider did not say it (see :meth:`Price.said`); None if it is not known.

        Args:
            domain: Whose call it was.
            model: The resolved model.
            tokens: What it took; None if the provider did not say.
            requested: The model's name as it was sent.
            at: When it left, in seconds since the epoch; None: now.
        """
        rates = self.rates(domain, model, tokens.input, requested, at) if tokens is not None else None
        if tokens is None or rates is None:
            return None
        parts = parts_of(tokens, rates)
        return Price(cost_of(parts), parts, rates.source, rates.dated)

    def upper_bound(
        self, domain: Domain, model: str, input_tokens: int, max_output: int, requested: str = ""
    ) -> int | None:
        """The most that a call can cost, in micro-dollars; None if its price is not known.

        Every token of input counts as the dearest kind of text, written to the cache where that costs more.
        Not in it: web searches that the model decides to make, sound that costs more than text, and what is
        written to the cache for an hour.

        Args:
            domain: Whose call it is.
            model: The resolved model.
            input_tokens: At most so many are sent.
            max_output: At most so many come back.
            requested: The model's name as it will be sent.
        """
        rates = self.rates(domain, model, input_tokens, requested)
        if rates is None:
            return None
        output = max(rates.output, rates.reasoning or rates.output)
        return math.ceil(input_tokens * rates.dearest_input + max_output * output + (rates.request or 0))
