"""Publishes an event at each mark of a budget, once, and tracks the state of budgets."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Sequence

from massgen_plugins.budget.messages import Level, mark_message
from massgen_plugins.budget.terms import Budget, Scope, Terms
from massgen_plugins.events import BudgetMark, Event

__all__ = ["Marks"]


class Marks:
    """The marks that this process has published. Thread-safe.

    Args:
        emit: Publishes an event.
        wall: Seconds since the epoch.
    """

    def __init__(self, emit: Callable[[Event], None], wall: Callable[[], float] = time.time) -> None:
        self._emit = emit
        self._wall = wall
        self._lock = threading.Lock()
        self._said: dict[tuple[object, ...], int] = {}
        self._levels: dict[tuple[object, ...], Level] = {}

    def see(self, terms: Terms, scope: Scope, levels: Iterable[Level]) -> None:
        """Process a new state of budgets."""
        marks = sorted({*terms.block.warn, *(() if terms.refuses else (100,))})
        for level in levels:
            self._levels[_key(level.budget)] = level
            if level.budget.amount is not None:
                self._see(marks, scope, level)

    def nearest(self, budgets: Sequence[Budget]) -> Level | None:
        """The last known state of the budget with the highest use; None if none of them limits."""
        levels = (self._levels.get(_key(each)) for each in budgets if each.amount is not None)
        known = [level for level in levels if level is not None]
        return max(known, key=lambda level: level.percent_used, default=None)

    def _see(self, marks: Sequence[int], scope: Scope, level: Level) -> None:
        reached = max((mark for mark in marks if level.percent >= mark), default=0)
        # A raise or a new day resets the marks.
        key = (*_key(level.budget), level.budget.amount, level.resets)
        with self._lock:
            if reached <= self._said.get(key, 0):
                return
            self._said[key] = reached
        budget = level.budget
        self._emit(
            BudgetMark(
                budget.pool,
                budget.name,
                reached,
                level.spent,
                budget.amount or 0,
                mark_message(level, self._wall()),
                scope.agent_id,
                scope.run,
            )
        )


def _key(budget: Budget) -> tuple[object, ...]:
    return budget.pool, budget.name
