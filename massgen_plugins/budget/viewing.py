"""The state of budgets, for display. Never changes a store."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from massgen_plugins.budget.terms import PROVIDER, RUN, SHARED, SPENT, UNLIMITED, Scope, Terms
from massgen_plugins.quota import NANOSECONDS, CalendarDay, CalendarMonth, Domain, Kind, Window
from massgen_plugins.rate_limit.viewing import PoolView, StoreView

__all__ = ["BudgetRow", "budget_rows", "used_of"]

_ACCOUNT, _AGENT = "account ", "agent "
_NOBODY = Domain("", "")


@dataclass(frozen=True, slots=True)
class BudgetRow:
    """One budget, or spending that is counted without a limit.

    Attributes:
        name: ``day``, ``month``, ``accounts.NAME.day``, ``run``, ``agents.NAME``.
        run: The run's name; empty for budgets shared by all runs.
        amount: The budget in micro-dollars; None if there is none.
        spent: Micro-dollars.
        reserved: Micro-dollars reserved by calls in flight, or by calls whose cost is unknown.
        resets: When it resets, in seconds since the epoch; None if it does not.
    """

    name: str
    run: str
    amount: int | None
    spent: int
    reserved: int
    resets: float | None

    @property
    def is_spent(self) -> bool:
        """Whether nothing is left."""
        return self.amount is not None and self.spent + self.reserved >= self.amount


def budget_rows(view: StoreView, terms: Terms, now: float) -> list[BudgetRow]:
    """All budgets: those shared by all runs first, then runs with their agents, the latest run first.

    Args:
        view: The content of the store.
        terms: The budgets in the current settings.
        now: Seconds since the epoch.
    """
    pools = {each.pool: each for each in view.pools if each.pool.domain.provider == PROVIDER}
    runs = sorted({pool.domain.account for pool in pools if pool.domain != SHARED}, reverse=True)
    rows = list(_shared(pools.values(), terms, now))  # type: ignore[arg-type] # a view of values
    for run in runs:
        own = [each for each in pools.values() if each.pool.domain.account == run]
        rows += sorted(_of_run(own, run), key=lambda row: row.name != "run")
    return rows


def _shared(views: Sequence[PoolView], terms: Terms, now: float) -> Iterator[BudgetRow]:
    known = {each.pool: each for each in views}
    accounts = {name: Domain(name, name) for name in terms.block.accounts}
    named = {}
    for scope in (_NOBODY, *accounts.values()):
        for budget in terms.budgets(Scope(scope, "", None), now):
            named[budget.name] = budget
    for budget in named.values():
        view, window = known.get(budget.pool), budget.limit.window
        used, resets = used_of(view, Kind.COST, window)
        spent, _ = used_of(view, SPENT, window)
        yield BudgetRow(budget.name, "", budget.amount, spent, used - spent, resets)


def _of_run(views: Sequence[PoolView], run: str) -> Iterator[BudgetRow]:
    for view in views:
        name = view.pool.name.replace(_AGENT, "agents.", 1)
        limit = next((row for row in view.limits if row.limit.kind == Kind.COST), None)
        amount = limit.cap if limit and limit.cap != UNLIMITED else None
        used, _ = used_of(view, Kind.COST, RUN)
        spent, _ = used_of(view, SPENT, RUN)
        yield BudgetRow(name, run, amount, spent, used - spent, None)


def used_of(view: PoolView | None, kind: str, window: Window) -> tuple[int, float | None]:
    """The amount used in a window, and when it resets."""
    for row in view.limits if view else ():
        if (row.limit.kind, row.limit.window) == (kind, window):
            ends = (view.now.wall + row.resets) / NANOSECONDS if view else None
            return row.used, ends if isinstance(window, CalendarDay | CalendarMonth) else None
    return 0, None
