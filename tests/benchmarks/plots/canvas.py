"""A plane with two axes, on which points, lines and words are drawn as SVG."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html import escape
from itertools import count

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
_LINE, _LETTER = 14, 7.2
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
    _taken: list[tuple[float, float, float]] = field(default_factory=list)

    def point(self, x: float, y: float, colour: str, radius: float = 6) -> None:
        """A dot."""
        across, down = x_of(self.across, x), y_of(self.up, y)
        self._taken.append((across - radius, across + radius, down + 4))
        self._parts.append(f'<circle cx="{across:.1f}" cy="{down:.1f}" r="{radius}" fill="{colour}"/>')

    def line(self, points: Sequence[tuple[float, float]], colour: str, *, dashed: bool = False) -> None:
        """A line through points."""
        path = " ".join(f"{x_of(self.across, x):.1f},{y_of(self.up, y):.1f}" for x, y in points)
        look = f'fill="none" stroke="{colour}" stroke-width="2.5"'
        dash = ' stroke-dasharray="6 5"' if dashed else ""
        self._parts.append(f'<polyline points="{path}" {look}{dash}/>')

    def name(self, x: float, y: float, text: str, colour: str) -> None:
        """A name beside a point: at its right if there is room, higher or lower where something stands."""
        width, across = len(text) * _LETTER, x_of(self.across, x)
        fits = across + 12 + width < WIDTH
        left, top = (across + 12 if fits else across - 12 - width), y_of(self.up, y) + 4
        top = next(each for each in _nearest(top) if self._is_free(left, left + width, each))
        self._taken.append((left, left + width, top))
        place = f'x="{left if fits else left + width:.1f}" y="{top:.1f}"'
        anchor = "" if fits else ' text-anchor="end"'
        self._parts.append(f'<text {place}{anchor} fill="{colour}">{escape(text)}</text>')

    def _is_free(self, left: float, right: float, top: float) -> bool:
        taken = self._taken
        return not any(left < r and at < right and abs(top - t) < _LINE for at, r, t in taken)

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


def _nearest(top: float) -> Iterator[float]:
    """Heights for a name: its own, then a line higher, a line lower, and so on."""
    for lines in count():
        yield top - lines * _LINE
        yield top + lines * _LINE
