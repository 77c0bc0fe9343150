"""Utilisation against refusals, one dot for each limiter: the best is at the top left."""

from __future__ import annotations

from collections.abc import Sequence

from tests.benchmarks.figures import Figure
from tests.benchmarks.measures import server_side
from tests.benchmarks.plots.axis import Axis
from tests.benchmarks.plots.canvas import COLOURS, Canvas

__all__ = ["draw"]


def draw(figures: Sequence[Figure]) -> str:
    """The SVG; empty if this was not measured."""
    used = {each.subject: each.value for each in figures if each.measure == server_side.USED}
    refused = {each.subject: each.value for each in figures if each.measure == server_side.REFUSED}
    if not used:
        return ""
    most = max(0.05, *refused.values()) * 1.25
    least = min(0.8, *used.values()) - 0.02
    canvas = Canvas(
        "What the provider serves, and what it refuses",
        Axis("calls that the provider refused", 0, most, _steps(0, most), _percent),
        Axis("share of the limit that was served", least, 1.02, _steps(least, 1.02), _percent),
    )
    names = sorted(used, key=lambda each: (refused[each], -used[each]))
    colours = {name: COLOURS[place % len(COLOURS)] for place, name in enumerate(names)}
    for name in names:
        canvas.point(refused[name], used[name], colours[name], 8 if name == "massgen-plugins" else 6)
    for name in names:
        canvas.name(refused[name], used[name], name, colours[name])
    return canvas.svg()


def _steps(low: float, high: float) -> list[float]:
    step = next(s for s in (0.01, 0.02, 0.05, 0.1, 0.2) if (high - low) / s <= 8)
    first = int(low / step) + (low > 0)
    return [round(n * step, 4) for n in range(first, int(high / step) + 1)]


def _percent(value: float) -> str:
    return f"{value * 100:.0f} %"
