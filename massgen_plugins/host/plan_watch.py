"""Tells the user how far a plan is used: once at each threshold, of each of its windows."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from massgen_plugins.providers.plans import PlanUse, plan_use
from massgen_plugins.rate_limit.messages import describe_span

__all__ = ["PlanWatch"]

_THRESHOLDS = (0.95, 0.8)


class PlanWatch:
    """Reads the headers of answers to programs that log in with plans.

    Args:
        say: Told a sentence; the same one may come again.
    """

    def __init__(self, say: Callable[[str], object]) -> None:
        self._say = say
        self._said: set[tuple[str, str, float, float | None]] = set()

    def of(self, program: str) -> Callable[[int, Mapping[str, str]], None]:
        """Who is told of the status and headers of each answer to a program of this type."""

        def seen(_status: int, headers: Mapping[str, str]) -> None:
            for use in plan_use(headers):
                self._look(program, use)

        return seen

    def _look(self, program: str, use: PlanUse) -> None:
        passed = next((each for each in _THRESHOLDS if use.used >= each), None)
        if passed is None:
            return
        key = (program, use.window, passed, use.resets_at)
        if key not in self._said:
            self._said.add(key)
            self._say(_sentence(program, use))


def _sentence(program: str, use: PlanUse) -> str:
    left = use.resets_at - time.time() if use.resets_at is not None else 0
    end = f"; it is new in {describe_span(left)}" if left > 0 else ""
    return f"the plan of the {program} agents has used {use.used:.0%} of its {use.window}{end}."
