"""A plane with two axes, on which points, lines and words are drawn as SVG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape

from tests.benchmarks.plots.axis import HEIGHT, LEFT, TOP, WIDTH, Axis, frame, x_of, y_of

__all__ = ["COLOURS", "Canvas"]

COLOURS = ("#2f7ed8", "#d9822b", "#3a9d5d", "#b8488f", "#8a63d2", "#b09a2c", "#4aa3a2", "#c0504d", "#7f7f7f")
"""Dark enough on white and light enough on black."""

_STYLE = """
  .page { fill: #ffffff } .word { fill: #24292f } .faint { fill: #57606a }
  .grid { stroke: #d0d7de; stroke-width: 1 } .edge { stroke: #57606a; stroke-width: 1 }
  text { font-family: system-ui, sans-serif; font-size: 13px } .title { font-size: 16px; font-weight: 600 }
  @media (prefers-color-scheme: dark) {
    .page { fill: #1b1b1d } .word { fill: #e6e6e6 } .faint { fill: #a0a0a8 }
    .grid { stroke: #3a3a40 } .edge { stroke: #a0a0a8 }
  }
"""
_LINE, _LETTER = 16, 7.2
"""Height of a line and width of a letter: names that would lie upon each other are moved apart."""


@dataclass(slots=True)
class Canvas:
    """An SVG that grows.

    Attributes:
        title: At its top.
        across: The axis below.
        up: The axis at the left.
    """

    title: str
    across: Axis
    up: Axis
    _parts: list[str] = field(default_factory=list)
    _names: list[tuple[float, float, float]] = field(default_factory=list)

    def point(self, x: float, y: float, colour: str, radius: float = 6) -> None:
        """A dot."""
        place = f'cx="{x_of(self.across, x):.1f}" cy="{y_of(self.up, y):.1f}"'
        self._parts.append(f'<circle {place} r="{radius}" fill="{colour}"/>')

    def line(self, points: Sequence[tuple[float, float]], colour: str, *, dashed: bool = False) -> None:
        """A line through points."""
        path = " ".join(f"{x_of(self.across, x):.1f},{y_of(self.up, y):.1f}" for x, y in points)
        look = f'fill="none" stroke="{colour}" stroke-width="2.5"'
        dash = ' stroke-dasharray="6 5"' if dashed else ""
        self._parts.append(f'<polyline points="{path}" {look}{dash}/>')

    def name(self, x: float, y: float, text: str) -> None:
        """A name beside a point: at its right if there is room, and lower where another one stands."""
        width, across = len(text) * _LETTER, x_of(self.across, x)
        fits = across + 12 + width < WIDTH
        left, top = (across + 12 if fits else across - 12 - width), y_of(self.up, y) + 4
        while any(
            left < right and start < left + width and abs(top - at) < _LINE
            for start, right, at in self._names
        ):
            top += _LINE
        self._names.append((left, left + width, top))
        place = f'x="{left if fits else left + width:.1f}" y="{top:.1f}"'
        anchor = "" if fits else ' text-anchor="end"'
        self._parts.append(f'<text class="word" {place}{anchor}>{escape(text)}</text>')

    def legend(self, names: Sequence[str], left: int = LEFT + 16, top: int = TOP + 14) -> None:
        """What the colours mean, in their order."""
        for place, name in enumerate(names):
            y = top + 20 * place
            box = f'x="{left}" y="{y - 9}" width="14" height="10"'
            self._parts.append(f'<rect {box} fill="{COLOURS[place]}"/>')
            self._parts.append(f'<text class="word" x="{left + 20}" y="{y}">{escape(name)}</text>')

    def svg(self) -> str:
        """The whole file."""
        size = f'width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}"'
        head = f'<svg xmlns="http://www.w3.org/2000/svg" {size}>'
        page = f'<rect class="page" width="{WIDTH}" height="{HEIGHT}" rx="8"/>'
        title = f'<text class="word title" x="26" y="28">{escape(self.title)}</text>'
        above = [head, f"<title>{escape(self.title)}</title>", f"<style>{_STYLE}</style>", page, title]
        return "\n".join([*above, *frame(self.across, self.up), *self._parts, "</svg>"]) + "\n"
