"""Tight upper bounds: a provider's estimate of a request, scaled by the true use of earlier calls. Pure.

An estimate that is too low leads to a refusal, so the factor is the largest ratio among recent calls plus a
tenth. It is trusted after three calls, and kept in the store, by model. What is counted while an answer is
produced has no bound in the request: there, the 90th percentile of recent use is the forecast.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from massgen_plugins.quota import Amounts, Charge, Kind, Mode

__all__ = ["MAX_AMOUNT", "Estimates"]

MAX_AMOUNT = (1 << 40) - 1
"""The largest amount booked for one call: about 10**12 tokens, or a million dollars."""

_KEPT = 20
_ENOUGH = 3
_HEADROOM = 1.1
_NOTABLE = 0.05
_UNIT = 1000


@dataclass(slots=True)
class Estimates:
    """Samples of one model's calls.

    Attributes:
        samples: By kind, of recent calls: for bounds, the ratio of true to estimated use, in thousandths; for
            forecasts, the true use.
    """

    samples: dict[str, list[int]] = field(default_factory=dict)

    def amounts(self, charges: Mapping[str, Charge]) -> dict[str, int]:
        """What to book for a call."""
        return {
            kind: min(
                MAX_AMOUNT,
                max(0, charge.least, charge.amount if kind == Kind.REQUESTS else self._scaled(kind, charge)),
            )
            for kind, charge in charges.items()
        }

    def learn(self, charges: Mapping[str, Charge], used: Amounts) -> bool:
        """Learn a call's true use; True if that notably changes what later calls book."""
        changed = False
        for kind, charge in charges.items():
            if kind in {Kind.REQUESTS, Kind.CONCURRENT} or kind not in used:
                continue
            before = self._scaled(kind, charge)
            self._sample(kind, charge, used[kind])
            changed |= abs(self._scaled(kind, charge) - before) > _NOTABLE * before
        return changed

    def _sample(self, kind: str, charge: Charge, used: int) -> None:
        if charge.mode is Mode.EXPECTED:
            sample = used
        elif charge.amount > 0:
            sample = used * _UNIT // charge.amount + 1
        else:
            return
        row = self.samples.setdefault(kind, [])
        row.append(min(MAX_AMOUNT, max(0, sample)))
        del row[:-_KEPT]

    def _scaled(self, kind: str, charge: Charge) -> int:
        row = self.samples.get(kind, ())
        if charge.mode is Mode.KEPT:  # what the provider takes, whatever the true use
            return charge.amount
        if len(row) < _ENOUGH:
            most = max(row, default=0)
            if charge.mode is Mode.EXPECTED:
                return max(charge.amount, most)
            return int(charge.amount * max(_UNIT, most * _HEADROOM)) // _UNIT
        if charge.mode is Mode.EXPECTED:
            return sorted(row)[len(row) * 9 // 10]
        return int(charge.amount * max(row) * _HEADROOM) // _UNIT + 1
