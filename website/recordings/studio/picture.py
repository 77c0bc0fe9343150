"""Paints a terminal's screen: crisp letters on the site's dark ground, with a band below for captions."""

from __future__ import annotations

import functools
import shutil
import subprocess
import unicodedata

import pyte
from PIL import Image, ImageDraw, ImageFont
from pyte.screens import Char

__all__ = ["Painter", "with_band"]

_GROUND, _INK = "#14202b", "#d5dde4"
_CELL, _SIZE = (12, 24), 20
"""Pixels of a cell, and of a letter; twice what a page shows, so that letters stay sharp."""

_MARGIN, _BAND = 18, 76
_NAMED = {
    "black": "#1f2d3a", "red": "#f0776c", "green": "#7ccf8a", "brown": "#e3bd6b", "yellow": "#e3bd6b",
    "blue": "#7db4f0", "magenta": "#d79be8", "cyan": "#6fd0da", "white": "#d5dde4",
    "brightblack": "#8fa0ae", "brightred": "#ff9a90", "brightgreen": "#9ee8aa", "brightbrown": "#ffd98c",
    "brightyellow": "#ffd98c", "brightblue": "#a5cdff", "brightmagenta": "#eebcff",
    "brightcyan": "#97e9f1", "brightwhite": "#ffffff",
}  # fmt: skip
"""The colours of the player's theme; pyte says brown for yellow."""

_FONTS = {False: "DejaVu Sans Mono:bold=0", True: "DejaVu Sans Mono:bold"}
_EMOJI = "Noto Color Emoji"
_EMOJI_SIZE = 109
"""The one size in which that font has its pictures."""


class Painter:
    """Paints screens of this many columns and rows."""

    def __init__(self, columns: int, rows: int) -> None:
        even = [2 * _MARGIN + count * cell for count, cell in zip((columns, rows), _CELL, strict=True)]
        self.size = (even[0] + even[0] % 2, even[1] + _BAND + (even[1] + _BAND) % 2)
        self._last = Image.new("RGB", self.size, _GROUND)
        self._cells: dict[tuple[int, int], Char] = {}

    def paint(self, screen: pyte.Screen) -> Image.Image:
        """The screen as a picture; only cells that changed since the last time are painted anew."""
        for row in range(screen.lines):
            line = screen.buffer[row]
            for column in range(screen.columns):
                cell = line[column]
                if self._cells.get((column, row)) != cell:
                    self._cells[column, row] = cell
                    self._paste(column, row, cell)
        return self._last.copy()

    def _paste(self, column: int, row: int, cell: Char) -> None:
        if not cell.data:  # the second half of a wide character
            return
        front, back = _colour(cell.fg, _INK), _colour(cell.bg, _GROUND)
        if cell.reverse:
            front, back = back, front
        tile = _tile(cell.data, front, back, bold=cell.bold, underlined=cell.underscore)
        self._last.paste(tile, (_MARGIN + column * _CELL[0], _MARGIN + row * _CELL[1]))


def with_band(picture: Image.Image) -> Image.Image:
    """A picture of something else, with the band for captions beneath."""
    whole = Image.new("RGB", (picture.width, picture.height + _BAND), _GROUND)
    whole.paste(picture, (0, 0))
    return whole


def _colour(name: str, default: str) -> str:
    return default if name == "default" else _NAMED.get(name, f"#{name}")


@functools.lru_cache(maxsize=8192)
def _tile(text: str, front: str, back: str, *, bold: bool, underlined: bool) -> Image.Image:
    wide = unicodedata.east_asian_width(text[0]) in "WF"
    tile = Image.new("RGB", (_CELL[0] * (2 if wide else 1), _CELL[1]), back)
    if not text.strip():
        return tile
    draw = ImageDraw.Draw(tile)
    if not _block(draw, text, tile.size, front):
        emoji = None if _has(text[0]) else _emoji(text)
        if emoji:
            small = emoji.resize((tile.width, tile.width))
            tile.paste(small, (0, (_CELL[1] - tile.width) // 2), small)
        elif _has(text[0]):
            draw.text((0, 0), text, fill=front, font=_font(bold=bold))
    if underlined:
        draw.line([(0, _CELL[1] - 3), (tile.width, _CELL[1] - 3)], fill=front)
    return tile


def _block(draw: ImageDraw.ImageDraw, text: str, size: tuple[int, int], front: str) -> bool:
    """Draw a block of eighths to the cell's edge, where a font leaves a gap, or the dots of a spinner."""
    code, (width, height) = ord(text[0]) - 0x2580, size
    if 1 <= code <= 8:
        draw.rectangle((0, height - height * code // 8, width, height), fill=front)
    elif 9 <= code <= 15:
        draw.rectangle((0, 0, width * (16 - code) // 8 - 1, height), fill=front)
    elif 0x2800 <= ord(text[0]) <= 0x28FF:
        for bit in range(8):
            if ord(text[0]) >> bit & 1:
                x, y = _DOTS[bit]
                draw.ellipse((x, y, x + 2, y + 2), fill=front)
    else:
        return False
    return True


@functools.cache
def _has(character: str) -> bool:
    """Whether the font for text has a picture of it, and not only the box for what it lacks."""
    font = _font(bold=False)
    return bytes(font.getmask(character)) != bytes(font.getmask("\uffff"))


@functools.cache
def _emoji(text: str) -> Image.Image | None:
    font = ImageFont.truetype(_file_of(_EMOJI), _EMOJI_SIZE)
    picture = Image.new("RGBA", (136, 128))
    ImageDraw.Draw(picture).text((0, 0), text, font=font, embedded_color=True)
    return picture.crop(picture.getbbox()) if picture.getbbox() else None


@functools.cache
def _font(*, bold: bool) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(_file_of(_FONTS[bold]), _SIZE)


def _file_of(pattern: str) -> str:
    """The file of a font; ends the program if there is no such font."""
    matcher = shutil.which("fc-match")
    if matcher is None:
        raise SystemExit("fc-match is needed to find fonts; install the package fontconfig.")
    asked = [matcher, "--format=%{family}|%{file}", pattern]
    family, _, file = subprocess.run(asked, check=True, capture_output=True, text=True).stdout.partition("|")
    if pattern.partition(":")[0] not in family:
        raise SystemExit(f"The font {pattern.partition(':')[0]} is needed; Debian has it in {_PACKAGES}.")
    return file


_DOTS = [(2, 3), (2, 8), (2, 13), (7, 3), (7, 8), (7, 13), (2, 18), (7, 18)]
"""Where the dots of a Braille character are, by the bits of its number."""

_PACKAGES = "fonts-dejavu-core and fonts-noto-color-emoji"
