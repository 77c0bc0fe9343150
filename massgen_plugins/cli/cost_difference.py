"""Explains why MassGen's figure for a run differs, by testing each known reason on the recorded calls."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from massgen_plugins.calls.rows import CallRow, Totals
from massgen_plugins.cli.money import DOLLAR
from massgen_plugins.host.own_costs import OwnCosts

__all__ = ["Difference", "difference"]

_SAME = Decimal("0.005")
"""Relative tolerance for a reason to explain a difference."""

_ROUNDED = Decimal(1)
"""Tolerance in micro-dollars, since MassGen rounds each agent's sum."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Two figures for one run.

    Attributes:
        theirs: MassGen's figure, in US dollars.
        more: MassGen's figure minus ours.
        reason: The reason, in a few words; "" if they are equal.
    """

    theirs: float
    more: float
    reason: str


def difference(totals: Totals, calls: Iterable[CallRow], own: OwnCosts) -> Difference:
    """Compare a run's cost with MassGen's figure.

    Args:
        totals: Sums of the run.
        calls: All of its calls.
        own: MassGen's figure.
    """
    theirs = Decimal(str(own.dollars)) * DOLLAR
    more = theirs - totals.cost
    return Difference(own.dollars, float(more / DOLLAR), _reason(totals, list(calls), own, theirs))


def _reason(totals: Totals, calls: Sequence[CallRow], own: OwnCosts, theirs: Decimal) -> str:
    if totals.unknown:
        return "not every price is known here"
    if _close(theirs, totals.cost):
        return ""
    return _of_counting(totals, own, theirs) or _of_prices(calls, theirs)


def _of_counting(totals: Totals, own: OwnCosts, theirs: Decimal) -> str:
    """A reason in MassGen's token counts, if there is one."""
    ours = totals.tokens
    if not theirs and own.input_tokens:
        return "MassGen has no price for the model, and counts nothing"
    if own.input_tokens > ours.input * (1 + _SAME):
        return (
            "MassGen counts an answer again for each event that reports its usage: "
            f"{own.input_tokens:,} tokens in, the calls took {ours.input:,}"
        )
    # The minimum that MassGen counts if it sees all calls, whatever it excludes.
    fewest = ours.input - ours.cached - ours.cache_write + ours.output - ours.reasoning
    if own.input_tokens + own.output_tokens < fewest * (1 - _SAME):
        return "MassGen has not counted all calls, such as calls by tools and calls that were cut short"
    return ""


def _of_prices(calls: Sequence[CallRow], theirs: Decimal) -> str:
    for reason, supposed in _hypotheses(calls):
        if _close(theirs, supposed):
            return reason
    return "MassGen uses another table of prices"


def _hypotheses(calls: Sequence[CallRow]) -> Iterable[tuple[str, Decimal]]:
    """The cost of the calls under each known peculiarity of MassGen."""
    whole = "MassGen charges the full price for cached input"
    silent = "MassGen leaves out reasoning tokens"
    for reason, cached, thoughts in (
        (whole, True, False),
        (silent, False, True),
        (f"{whole}, and leaves out reasoning tokens", True, True),
    ):
        yield reason, sum((_cost_if(call, cached=cached, thoughts=thoughts) for call in calls), Decimal(0))


def _cost_if(call: CallRow, *, cached: bool, thoughts: bool) -> Decimal:
    rates = {name: rate for name, _, rate in call.parts}
    full = rates.get("input")
    cost = call.cost or Decimal(0)
    if cached and full is not None:
        cost += sum((count * (full - rate) for name, count, rate in call.parts if name in _CACHE), Decimal(0))
    if thoughts and call.tokens is not None and "output" in rates:
        cost -= call.tokens.reasoning * rates["output"]
    return cost


_CACHE = ("cached input", "written to the cache")


def _close(one: Decimal, other: Decimal) -> bool:
    return abs(one - other) <= max(_ROUNDED * 10, _SAME * max(one, other))
