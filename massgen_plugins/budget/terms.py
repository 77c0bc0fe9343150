"""Which budgets a call counts in, and how much of each may be spent. Pure: time is an argument."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from massgen_plugins.profiles.budget import BudgetBlock, PeriodBudget
from massgen_plugins.profiles.document import document_of
from massgen_plugins.profiles.local_zone import local_zone
from massgen_plugins.quota import NANOSECONDS, CalendarDay, CalendarMonth, Domain, Kind, Limit, Pool, Sliding

__all__ = [
    "PROVIDER",
    "RUN",
    "SHARED",
    "SPENT",
    "UNLIMITED",
    "Budget",
    "Scope",
    "Terms",
    "in_micros",
    "run_domain",
]

PROVIDER = "budget"
"""The provider field of budget domains."""

SHARED = Domain(PROVIDER, "all runs")
"""Domain of the budgets shared by all runs on a store: days, months and accounts."""

SPENT = "spent"
"""The kind for money spent; ``Kind.COST`` includes reservations of calls in flight."""

UNLIMITED = (1 << 40) - 1
"""Micro-dollars of a budget that only counts: the maximum that the books can hold."""

RUN = Sliding(3650 * 86_400 * NANOSECONDS)
"""Window of a run: longer than any run, so that nothing ages out."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Who makes a call.

    Attributes:
        domain: The call's domain.
        run: Name of the run; empty outside of any run.
        agent_id: The agent; None outside of any agent's stream.
    """

    domain: Domain
    run: str
    agent_id: str | None


@dataclass(frozen=True, slots=True)
class Budget:
    """One budget.

    Attributes:
        name: As in commands: ``run``, ``day``, ``month``, ``agents.NAME``, ``accounts.NAME.day``.
        pool: The pool it is booked in.
        limit: What may be spent and reserved per window.
        amount: The budget in micro-dollars, raises included; None if it only counts.
    """

    name: str
    pool: Pool
    limit: Limit
    amount: int | None


class Terms:
    """The budgets defined by a ``budget:`` block.

    Args:
        block: The resolved ``rate_limit:`` settings.
    """

    def __init__(self, block: Mapping[str, object]) -> None:
        plain: Any = document_of(block.get("budget") or {}, "the settings").value
        self.block = BudgetBlock.model_validate(plain)
        self.store = str(block.get("store", "memory"))
        self.zone = self.block.zone or local_zone()
        self.refuses = self.block.at != "warn"
        self.refuses_unknown = self.refuses and self.block.unknown_price == "refuse"

    def budgets(self, scope: Scope, now: float) -> Sequence[Budget]:
        """The budgets of a call.

        Args:
            scope: Who makes it.
            now: Seconds since the epoch.
        """
        day, month = CalendarDay(self.zone), CalendarMonth(self.zone)
        everything = Pool(SHARED, "all")
        found = [
            self._budget("day", everything, day, self.block.day, now),
            self._budget("month", everything, month, self.block.month, now),
        ]
        for name, periods in self._accounts(scope.domain):
            pool = Pool(SHARED, f"account {name}")
            found.append(self._budget(f"accounts.{name}.day", pool, day, periods.day, now))
            found.append(self._budget(f"accounts.{name}.month", pool, month, periods.month, now))
        run = self.block.run_id or scope.run
        if run:
            own = run_domain(run)
            found.append(self._budget("run", Pool(own, "run"), RUN, self.block.run, now))
            if scope.agent_id is not None:
                agent = scope.agent_id
                pool = Pool(own, f"agent {agent}")
                found.append(self._budget(f"agents.{agent}", pool, RUN, self.block.agents.get(agent), now))
        return found

    def _accounts(self, domain: Domain) -> Iterator[tuple[str, PeriodBudget]]:
        for name, periods in self.block.accounts.items():
            if name in (domain.provider, domain.account):
                yield name, periods

    def _budget(
        self,
        name: str,
        pool: Pool,
        window: Sliding | CalendarDay | CalendarMonth,
        dollars: float | None,
        now: float,
    ) -> Budget:
        amount = None if dollars is None else in_micros(dollars) + self._raised(name, now)
        hard = amount if amount is not None and self.refuses else UNLIMITED
        return Budget(name, pool, Limit(Kind.COST, min(hard, UNLIMITED), window), amount)

    def _raised(self, name: str, now: float) -> int:
        return sum(
            in_micros(each.by)
            for each in self.block.raised
            if each.ends > now and (each.budget in ("all", name) or name.startswith(f"{each.budget}."))
        )


def run_domain(run: str) -> Domain:
    """The domain of the budgets of a run and its agents."""
    return Domain(PROVIDER, run)


def in_micros(dollars: float) -> int:
    """Convert to micro-dollars, through decimals to avoid floating-point error."""
    return int(Decimal(str(dollars)) * 1_000_000)
