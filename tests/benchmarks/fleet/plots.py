"""What came of fleets, drawn: what Redis has to do, and who gets how much."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tests.benchmarks.plots.axis import Axis
from tests.benchmarks.plots.canvas import COLOURS, Canvas

__all__ = ["drawn"]

_MACHINES = (1, 2, 5, 10, 20, 50, 100)
_SHARE = 30
"""Calls a minute for each machine, in the fleets that grow."""

_NEAR = 0.4
"""Milliseconds to Redis, one way, in them."""


def drawn(fleets: Sequence[dict[str, Any]]) -> dict[str, str]:
    """File name -> picture."""
    near = [each for each in fleets if each["trip"] <= _NEAR]
    growing = [each for each in near if each["rpm"] == _SHARE * each["machines"]]
    return {"fleet-redis.svg": _redis(growing), "fleet-shares.svg": _shares(growing)}


def _redis(growing: Sequence[dict[str, Any]]) -> str:
    most = max([0.1, *(each["load"] for each in growing)])
    canvas = Canvas(
        "How busy one Redis is, from one machine to many",
        _machines(growing),
        Axis("time in which Redis is busy", 0, most, [n / 50 for n in range(int(most * 50) + 1)], _percent),
    )
    canvas.legend(["30 calls a minute for each machine"])
    points = [(each["machines"], each["load"]) for each in growing]
    canvas.line(points, COLOURS[0])
    for x, y in points:
        canvas.point(x, y, COLOURS[0], 4)
    return canvas.svg()


def _shares(growing: Sequence[dict[str, Any]]) -> str:
    canvas = Canvas(
        "How much of the limit is used, and how evenly machines share it",
        _machines(growing),
        Axis("share", 0, 2, [0, 0.5, 1, 1.5, 2]),
    )
    canvas.legend(
        ["served, of the limit", "machine with most calls, of its fair share", "machine with fewest"]
    )
    for colour, what in zip(COLOURS, ("utilisation", "most", "least"), strict=False):
        points = [(each["machines"], each[what]) for each in growing]
        canvas.line(points, colour)
        for x, y in points:
            canvas.point(x, y, colour, 4)
    return canvas.svg()


def _machines(fleets: Sequence[dict[str, Any]]) -> Axis:
    high = max((each["machines"] for each in fleets), default=1)
    ticks = [each for each in _MACHINES if each <= high]
    return Axis("machines of 50 agents each", 1, max(high, 2), ticks, "{:,.0f}".format, log=True)


def _percent(value: float) -> str:
    return f"{value:.0%}"
