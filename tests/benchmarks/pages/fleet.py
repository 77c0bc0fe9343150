"""The tables of the page on fleets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tests.benchmarks.pages.measured import markdown
from tests.benchmarks.table import number

__all__ = ["growing", "limits"]

_SHARE, _MANY = 30, 1000
_HEADS = (
    "machines",
    "calls a minute",
    "served, of the limit",
    "refused",
    "fullest minute",
    "fewest and most calls of a machine",
    "Redis commands a second",
    "for each call",
    "Redis is busy",
    "99 % of answers within",
)


def growing(results: dict[str, Any]) -> str:
    """More and more machines with the same share each."""
    return _table([each for each in results["fleets"] if each["rpm"] == _SHARE * each["machines"]])


def limits(results: dict[str, Any]) -> str:
    """A thousand machines under one limit after the other."""
    fleets = [each for each in results["fleets"] if each["machines"] == _MANY]
    return _table(sorted(fleets, key=lambda each: each["rpm"]))


def _table(fleets: Sequence[dict[str, Any]]) -> str:
    rows = [
        [
            f"{each['machines']:,}",
            f"{each['rpm']:,}",
            f"{each['utilisation'] * 100:.1f} %",
            f"{each['refused']:,}",
            f"{each['worst']:.2f}x",
            f"{each['least']:.2f} to {each['most']:.2f} of its share",
            number(each["commands"]),
            number(each["per_call"]),
            f"{each['load'] * 100:.1f} %",
            f"{number(each['answer'])} ms",
        ]
        for each in fleets
    ]
    return markdown(_HEADS, rows)
