"""Estimates before the first call whether budgets can cover a run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from massgen_plugins.budget.messages import Level, dollars, resets_sentence, title
from massgen_plugins.budget.terms import RUN, Budget, Scope, Terms
from massgen_plugins.budget.viewing import used_of
from massgen_plugins.quota import Kind
from massgen_plugins.rate_limit.viewing import StoreView

__all__ = ["LEAST_INPUT", "Need", "short_budgets"]

LEAST_INPUT = 4_000
"""Minimum input tokens of a MassGen call: its own instructions take 4,300."""


@dataclass(frozen=True, slots=True)
class Need:
    """The expected cost of an agent's calls.

    Attributes:
        scope: The agent that makes them.
        calls: Minimum number of calls.
        cost: Micro-dollars per call; 0 if its price is unknown.
        guessed: Whether ``cost`` is based on earlier calls, instead of being a lower bound.
    """

    scope: Scope
    calls: int
    cost: float
    guessed: bool = False


def short_budgets(terms: Terms, needs: Sequence[Need], view: StoreView | None, now: float) -> Iterator[str]:
    """Yield a sentence about each budget with less left than the run needs at least.

    Args:
        terms: The budgets.
        needs: The run's needs, by agent.
        view: The budgets in the store; None if it cannot be read: then nothing counts as spent.
        now: Seconds since the epoch.
    """
    if not terms.refuses:
        return
    members: dict[Budget, list[Need]] = {}
    for need in needs:
        for budget in terms.budgets(need.scope, now):
            members.setdefault(budget, []).append(need)
    for budget, those in members.items():
        if (said := _too_little(budget, those, view, now)) is not None:
            yield said


def _too_little(budget: Budget, needs: Sequence[Need], view: StoreView | None, now: float) -> str | None:
    if budget.amount is None:
        return None
    pools = {each.pool: each for each in view.pools} if view is not None else {}
    used, resets = used_of(pools.get(budget.pool), Kind.COST, budget.limit.window)
    left = max(0, budget.amount - used)
    needed = sum(need.calls * need.cost for need in needs)
    if left >= needed:
        return None
    calls = sum(need.calls for need in needs)
    take = f"{calls} calls take" if calls > 1 else "1 call takes"
    by = "about" if any(need.guessed for need in needs) else "at least"
    key = budget.name.removesuffix(".day").removesuffix(".month")
    missing = dollars(round(needed) - left).replace(",", "")
    known = resets is not None or budget.limit.window == RUN
    when = f" {resets_sentence(Level(budget, used, used, resets), now)}" if known else ""
    return (
        f"{title(budget)}: {dollars(left)} of {dollars(budget.amount)} US dollars are left, and {take} {by} "
        f"{dollars(round(needed))}.{when} "
        f"`massgen-rl budget raise {key}={missing} --for 2h` allows more; `massgen-rl plan` says what would "
        "suffice."
    )
