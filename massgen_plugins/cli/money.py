"""Formats amounts of money, tokens and times."""

from __future__ import annotations

import time
from decimal import ROUND_HALF_UP, Decimal

from massgen_plugins.calls.rows import Totals

__all__ = ["DOLLAR", "clock", "cost_of", "dollars", "exact"]

DOLLAR = Decimal(1_000_000)
"""Micro-dollars."""

_CENTS = Decimal("0.01")
_FINE = Decimal("0.0001")
_LARGE = 100


def dollars(micro: Decimal) -> str:
    """US dollars with four decimals, from 100 on with two; smaller amounts are shown as less than that."""
    amount = micro / DOLLAR
    if 0 < amount < _FINE:
        return "<0.0001"
    return f"{amount.quantize(_CENTS if abs(amount) >= _LARGE else _FINE, ROUND_HALF_UP):,}"


def exact(micro: Decimal) -> str:
    """US dollars with all decimals, at least two."""
    text = f"{micro / DOLLAR:,.12f}".rstrip("0")
    return text + "0" * max(0, 2 - len(text.partition(".")[2]))


def cost_of(totals: Totals) -> str:
    """The known part of a sum, marked if incomplete."""
    if not totals.unknown:
        return dollars(totals.cost)
    return f"{dollars(totals.cost)} + ?" if totals.cost else "unknown"


def clock(at: float) -> str:
    """A point in time in local time."""
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(at))
