"""Checks of budget settings before a run starts."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping

from massgen_plugins.budget.prices import Prices
from massgen_plugins.budget.terms import Terms
from massgen_plugins.errors import ConfigurationError
from massgen_plugins.profiles.names import matches
from massgen_plugins.quota import Domain

__all__ = ["check_prices", "misspelt_agents"]


def check_prices(
    block: Mapping[str, object], models: Iterable[tuple[str, str, str]]
) -> list[tuple[str, str]]:
    """Refuse a run whose spending could not be counted.

    Args:
        block: The resolved ``rate_limit:`` settings.
        models: For each agent the provider, the resolved model, and its name as configured.

    Returns:
        The providers and cheaper models that may come into use.

    Raises:
        ConfigurationError: The price of a model is unknown, and the settings do not allow that.
    """
    if not block.get("budget"):
        return []
    terms = Terms(block)
    prices = Prices(lambda _: block)
    wanted = [(provider, model, requested) for provider, model, requested in models]
    replaced = terms.block.cheaper if terms.block.at == "cheaper" else {}
    others = [
        (provider, replaced[name]) for provider, _, named in wanted for name in matches(replaced, named)
    ]
    for provider, model, requested in [*wanted, *((provider, other, other) for provider, other in others)]:
        known = prices.upper_bound(Domain(provider, ""), model, 1, 1, requested)
        if known is None and terms.refuses_unknown:
            raise ConfigurationError(_unknown(provider, requested))
    return others


def misspelt_agents(block: Mapping[str, object], agents: Iterable[str]) -> list[str]:
    """Sentences about budgets for agents whose names are close to those of this run, but misspelt."""
    known = list(agents)
    names = Terms(block).block.agents if block.get("budget") else {}
    found = []
    for name in names:
        near = difflib.get_close_matches(name, known, 1) if name not in known else []
        if near:
            found.append(f"budget: no agent of this run is named {name!r}; did you mean {near[0]!r}?")
    return found


def _unknown(provider: str, model: str) -> str:
    return (
        f"There is no known price for the model {model[:80]!a} of {provider}, so no budget can be enforced: "
        "add its price to a profile, under prices:, install the price list (`pip install "
        "'massgen-plugins[cost]'`) if it is missing, or set unknown_price: allow under budget: to let "
        "such calls pass uncounted."
    )
