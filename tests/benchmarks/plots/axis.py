"""An axis, and how it is drawn."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

__all__ = ["BOTTOM", "HEIGHT", "LEFT", "RIGHT", "TOP", "WIDTH", "Axis", "frame", "x_of", "y_of"]

WIDTH, HEIGHT = 720, 440
LEFT, RIGHT, TOP, BOTTOM = 76, 20, 50, 60


@dataclass(frozen=True, slots=True)
class Axis:
    """What an axis shows.

    Attributes:
        label: Said beside it.
        low: Value at its beginning.
        high: Value at its end.
        ticks: Values that are written.
        show: Writes one.
        log: Whether equal steps are equal factors.
    """

    label: str
    low: float
    high: float
    ticks: Sequence[float]
    show: Callable[[float], str] = "{:g}".format
    log: bool = False

    def share(self, value: float) -> float:
        """Where a value lies, from 0 to 1."""
        value = min(max(value, self.low), self.high)
        if self.log:
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)


def x_of(across: Axis, value: float) -> float:
    """The place of a value on the axis below."""
    return LEFT + across.share(value) * (WIDTH - LEFT - RIGHT)


def y_of(up: Axis, value: float) -> float:
    """The place of a value on the axis at the left."""
    return HEIGHT - BOTTOM - up.share(value) * (HEIGHT - TOP - BOTTOM)


def frame(across: Axis, up: Axis) -> list[str]:
    """Both axes with their ticks and labels, and a line across for each tick of the upright one."""
    right, bottom = WIDTH - RIGHT, HEIGHT - BOTTOM
    parts = []
    for tick in up.ticks:
        y, words = y_of(up, tick), escape(up.show(tick))
        parts.append(f'<line class="grid" x1="{LEFT}" y1="{y:.1f}" x2="{right}" y2="{y:.1f}"/>')
        place = f'x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end"'
        parts.append(f'<text class="faint" {place}>{words}</text>')
    for tick in across.ticks:
        place = f'x="{x_of(across, tick):.1f}" y="{bottom + 20}" text-anchor="middle"'
        parts.append(f'<text class="faint" {place}>{escape(across.show(tick))}</text>')
    parts.append(f'<line class="edge" x1="{LEFT}" y1="{bottom}" x2="{right}" y2="{bottom}"/>')
    below = f'x="{(LEFT + right) / 2}" y="{HEIGHT - 16}" text-anchor="middle"'
    parts.append(f'<text class="word" {below}>{escape(across.label)}</text>')
    turned = f'transform="translate(18 {(TOP + bottom) / 2}) rotate(-90)" text-anchor="middle"'
    parts.append(f'<text class="word" {turned}>{escape(up.label)}</text>')
    return parts
