"""Estimates that are upper bounds without being wasteful: a prior, scaled by what calls really took.

A refusal for tokens comes from an estimate that was too low, so the factor is the largest ratio of the last
calls (the 99.5th percentile of 200). A first estimate that is too high costs little: settling gives it back.
"""

from __future__ import annotations

from collections import deque

from massgen_plugins.quota import Amounts, Kind, Scope
from massgen_plugins.rate_limit.lanes import MOST

__all__ = ["Estimator"]

_KEPT = 200
_ENOUGH = 20
_HEADROOM = 1.1


class Estimator:
    """Learns, for each scope and kind, how estimates relate to what the provider counted."""

    def __init__(self) -> None:
        self._ratios: dict[tuple[Scope, Kind], deque[float]] = {}

    def bound(self, scope: Scope, prior: Amounts) -> Amounts:
        """An upper bound for a call whose provider's prior is ``prior``."""
        return {kind: self._scaled(scope, kind, amount) for kind, amount in prior.items()}

    def learn(self, scope: Scope, prior: Amounts, actual: Amounts) -> None:
        """Take note of what a call really took."""
        for kind, amount in prior.items():
            if kind is not Kind.REQUESTS and amount > 0 and kind in actual:
                ratios = self._ratios.setdefault((scope, kind), deque(maxlen=_KEPT))
                ratios.append(actual[kind] / amount)

    def _scaled(self, scope: Scope, kind: Kind, amount: int) -> int:
        ratios = self._ratios.get((scope, kind))
        if not ratios or kind is Kind.REQUESTS:
            return amount
        worst = max(ratios) * _HEADROOM
        if len(ratios) < _ENOUGH:
            worst = max(worst, 1.0)  # too few to trust a small one
        return min(MOST, max(1, int(amount * worst) + 1))
