"""Why MassGen's own figure for a run is another one: each known reason is tried on the calls themselves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from massgen_plugins.calls.rows import CallRow, Totals
from massgen_plugins.cli.money import DOLLAR
from massgen_plugins.host.own_costs import OwnCosts

__all__ = ["Difference", "difference"]

_SAME = Decimal("0.005")
"""Fraction by which two figures may differ and still be explained by the same reason."""

_ROUNDED = Decimal(1)
"""Micro-dollars: MassGen rounds each agent's sum to one."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Two figures for one run.

    Attributes:
        theirs: What MassGen says, in US dollars.
        more: How much more that is than ours; less if it is negative.
        reason: Why, in a few words; "" if it is the same.
    """

    theirs: float
    more: float
    reason: str


def difference(totals: Totals, calls: Iterable[CallRow], own: OwnCosts) -> Difference:
    """Compare a run's sum with MassGen's.

    Args:
        totals: Of the run.
        calls: All of its calls.
        own: What MassGen says.
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
    """A reason in what MassGen counts, if there is one."""
    ours = totals.tokens
    if not theirs and own.input_tokens:
        return "MassGen has no price for the model, and counts nothing"
    if own.input_tokens > ours.input * (1 + _SAME):
        return (
            "MassGen counts an answer again with each of its events that say what it took: "
            f"{own.input_tokens:,} tokens in, the calls took {ours.input:,}"
        )
    # What MassGen must have counted if it saw all calls, whatever it leaves out.
    fewest = ours.input - ours.cached - ours.cache_write + ours.output - ours.reasoning
    if own.input_tokens + own.output_tokens < fewest * (1 - _SAME):
        return "MassGen has not counted all calls, such as those of tools and those that were cut short"
    return ""


def _of_prices(calls: Sequence[CallRow], theirs: Decimal) -> str:
    for reason, supposed in _suppositions(calls):
        if _close(theirs, supposed):
            return reason
    return "MassGen takes its prices from another table"


def _suppositions(calls: Sequence[CallRow]) -> Iterable[tuple[str, Decimal]]:
    """What the calls would cost by each of MassGen's habits."""
    whole = "MassGen takes cached input at its full price"
    silent = "MassGen leaves out what the model thought"
    for reason, cached, thoughts in (
        (whole, True, False),
        (silent, False, True),
        (f"{whole}, and leaves out what the model thought", True, True),
    ):
        yield reason, sum((_supposed(call, cached=cached, thoughts=thoughts) for call in calls), Decimal(0))


def _supposed(call: CallRow, *, cached: bool, thoughts: bool) -> Decimal:
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
