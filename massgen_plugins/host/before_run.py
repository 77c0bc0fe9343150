"""Warnings about insufficient daily quotas and budgets, before a run's first call."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from massgen_plugins.budget.before_run import LEAST_INPUT, Need, short_budgets
from massgen_plugins.budget.prices import Prices
from massgen_plugins.budget.terms import PROVIDER, Scope, Terms
from massgen_plugins.calls.query import Record
from massgen_plugins.calls.rows import Question
from massgen_plugins.errors import StoreUnavailable
from massgen_plugins.host.days import days_in, too_little
from massgen_plugins.host.governor import Governor
from massgen_plugins.host.store_now import store_now
from massgen_plugins.host.stream import Agent
from massgen_plugins.profiles.names import matches
from massgen_plugins.quota import Domain

__all__ = ["shortages"]


def shortages(governor: Governor, agents: Mapping[str, Agent], team: str) -> Iterator[str]:
    """Yield a sentence about each insufficient daily quota and budget.

    Args:
        governor: The current settings.
        agents: The agents of the run.
        team: Path of their configuration; "" if it has none.
    """
    settings = governor.settings
    known = days_in(settings.store)
    models = Counter((agent.provider.name, agent.model) for agent in agents.values())
    for (provider, model), count in models.items():
        said = too_little(known, provider, settings.account(provider), model, count)
        if said is not None:
            yield said
    if governor.block.get("budget"):
        terms = Terms(governor.block)
        view = store_now(terms.store, lambda domain: domain.provider == PROVIDER)
        needs = _needs(governor, agents, terms, _usual(settings.record.file, team))
        yield from short_budgets(terms, needs, view, time.time())


def _needs(
    governor: Governor, agents: Mapping[str, Agent], terms: Terms, usual: Mapping[str, float]
) -> Sequence[Need]:
    """The calls of a run: each agent answers and votes, and one presents the answer."""
    prices = Prices(lambda _: governor.block)
    needs = []
    for name, agent in agents.items():
        account = governor.settings.account(agent.provider.name) or ""
        scope = Scope(Domain(agent.provider.name, account), agent.run, name)
        others = terms.block.cheaper if terms.block.at == "cheaper" else {}
        models = {agent.model, *(others[key] for key in matches(others, agent.requested_model))}
        guessed = models <= usual.keys()
        costs = [usual[each] if guessed else _least(prices, scope.domain, each) for each in models]
        needs.append(Need(scope, 2 if len(agents) > 1 else 1, min(costs), guessed))
    if len(needs) > 1:
        cheapest = min(needs, key=lambda need: need.cost)
        scope = Scope(cheapest.scope.domain, cheapest.scope.run, None)
        needs.append(Need(scope, 1, cheapest.cost, cheapest.guessed))
    return needs


def _least(prices: Prices, domain: Domain, model: str) -> float:
    rates = prices.rates(domain, model, LEAST_INPUT)
    return float(LEAST_INPUT * min(rates.input, rates.cached or rates.input)) if rates is not None else 0.0


def _usual(file: str | None, team: str) -> Mapping[str, float]:
    """Micro-dollars per call of each model, from earlier runs of a team."""
    if not file or not team:
        return {}
    with suppress(StoreUnavailable):
        rows = Record(Path(file)).totals(Question(file=team), by=("model",))
        priced = [row for row in rows if row.calls > row.unknown]
        return {row.key["model"]: float(row.cost) / (row.calls - row.unknown) for row in priced}
    return {}
