"""The tables of the page on fleets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tests.benchmarks.pages.measured import markdown
from tests.benchmarks.table import number

__all__ = ["edge", "growing", "limits"]

_SHARE, _MANY = 30, 20
_NEAR = 0.4
"""Milliseconds to Redis, one way, where nothing else is said."""

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


_EDGE_HEADS = (
    "machines",
    "calls a minute",
    "to Redis, one way",
    "served a minute",
    "refused",
    "Redis is busy",
)


def growing(results: dict[str, Any]) -> str:
    """More and more machines with the same share each."""
    return _table([each for each in _near(results) if each["rpm"] == _SHARE * each["machines"]])


def limits(results: dict[str, Any]) -> str:
    """Twenty machines under one limit after the other."""
    fleets = [each for each in _near(results) if each["machines"] == _MANY]
    return _table(sorted(fleets, key=lambda each: each["rpm"]))


def edge(results: dict[str, Any]) -> str:
    """The same fleet with a Redis that is farther and farther away."""
    fleets = [each for each in results["fleets"] if each["rpm"] == _SHARE * _MANY]
    rows = [
        [
            f"{each['machines']:,}",
            f"{each['rpm']:,}",
            f"{each['trip']:g} ms",
            f"{each['utilisation'] * each['rpm']:,.0f}, {each['utilisation'] * 100:.1f} % of the limit",
            f"{each['refused']:,}",
            f"{each['load'] * 100:.1f} %",
        ]
        for each in sorted(fleets, key=lambda each: (each["trip"], each["rpm"], each["machines"]))
    ]
    return markdown(_EDGE_HEADS, rows)


def _near(results: dict[str, Any]) -> list[dict[str, Any]]:
    return [each for each in results["fleets"] if each["trip"] == _NEAR]


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
    if not all("conflicts" in each for each in fleets):  # of an earlier edition
        return markdown(_HEADS, rows)
    for row, each in zip(rows, fleets, strict=True):
        row.insert(8, f"{each['conflicts'] * 100:.1f} %")
    return markdown((*_HEADS[:8], "writes that came too late", *_HEADS[8:]), rows)
