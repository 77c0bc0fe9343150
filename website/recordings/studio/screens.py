"""What a cast shows at each time: the pictures of a film, and the text of a program that fills the screen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pyte
from PIL import Image

from studio.cast import Cast
from studio.picture import Painter

__all__ = ["Shot", "screen_transcript", "shots"]

_STEP = 0.2
"""Seconds between two pictures, at least."""


@dataclass(frozen=True)
class Shot:
    """A picture, the second from which it is seen, and for how many."""

    at: float
    seconds: float
    picture: Image.Image


def shots(cast: Cast, *, last: float = 2.0) -> Iterator[Shot]:
    """The pictures of a cast, those that differ from the one before; the last stays for ``last`` seconds."""
    painter = Painter(cast.head["width"], cast.head["height"])
    before: tuple[float, Image.Image] | None = None
    for at, screen in _looks(cast):
        picture = painter.paint(screen)
        if before is None:
            before = (0.0, picture)
        elif picture.tobytes() != before[1].tobytes():
            yield Shot(before[0], at - before[0], before[1])
            before = (at, picture)
    if before is not None:
        yield Shot(before[0], max(cast.moments[-1][0] - before[0], 0) + last, before[1])


def screen_transcript(cast: Cast) -> str:
    """For each caption: the caption, and the screen as it stood when the next one began."""
    ends = [at for at, _ in cast.captions[1:]] + [float("inf")]
    screen, stream = _terminal(cast)
    waiting = list(zip(cast.captions, ends, strict=True))
    parts: list[str] = []
    for at, data in [*cast.moments, (float("inf"), "")]:
        while waiting and at >= waiting[0][1]:
            parts.append(_part(waiting.pop(0)[0][1], screen))
        stream.feed(data)
    return "\n\n".join(parts) + "\n"


def _part(caption: str, screen: pyte.Screen) -> str:
    lines = [line.rstrip() for line in screen.display]
    return "\n".join([f"[{caption}]", *(line for line in lines if line.strip("█ "))])


def _looks(cast: Cast) -> Iterator[tuple[float, pyte.Screen]]:
    """The screen after each moment, no more often than ``_STEP``; the same screen each time."""
    screen, stream = _terminal(cast)
    for index, (at, data) in enumerate(cast.moments):
        stream.feed(data)
        following = cast.moments[index + 1][0] if index + 1 < len(cast.moments) else float("inf")
        if int(following / _STEP) > int(at / _STEP) if following != float("inf") else True:
            yield round(int(at / _STEP) * _STEP, 2), screen


def _terminal(cast: Cast) -> tuple[pyte.Screen, pyte.Stream]:
    screen = pyte.Screen(cast.head["width"], cast.head["height"])
    return screen, pyte.Stream(screen)
