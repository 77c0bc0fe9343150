"""Selects the requests that get an injected fault."""

from __future__ import annotations

import random
from collections.abc import Sequence

from massgen_plugins.sandbox.config import FaultRule

__all__ = ["FaultPlan"]


class FaultPlan:
    """Counts requests for every rule; the first rule that strikes wins.

    Deterministic for the same rules, seed and order of requests.
    """

    def __init__(self, rules: Sequence[FaultRule], seed: int) -> None:
        self._rules = tuple(rules)
        self._seen = [0] * len(self._rules)
        self._random = random.Random(seed)  # noqa: S311 (repeatable chance, no secret)

    def next(self, model: str) -> FaultRule | None:
        """The fault for the next request to the resolved ``model``, or ``None``."""
        struck = [rule for index, rule in enumerate(self._rules) if self._strikes(index, rule, model)]
        return struck[0] if struck else None

    def _strikes(self, index: int, rule: FaultRule, model: str) -> bool:
        if rule.model not in ("*", model):
            return False
        self._seen[index] += 1
        number = self._seen[index]
        by_chance = rule.probability > 0 and self._random.random() < rule.probability
        by_turn = rule.every > 0 and number % rule.every == 0
        return by_chance or by_turn or number in rule.nth
