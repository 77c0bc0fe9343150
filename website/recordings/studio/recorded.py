"""What was recorded of a script: pictures, captions, transcript."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from studio.cast import Cast
from studio.screens import Shot, screen_transcript, shots

__all__ = ["Recorded"]


@dataclass(frozen=True)
class Recorded:
    """A recorded session.

    Attributes:
        transcript: Its text, for readers, and to be compared.
        captions: What is said, and from which second on.
        cast: What a terminal showed; None of a web page.
        pictures: What a web page showed.
    """

    transcript: str
    captions: Sequence[tuple[float, str]]
    cast: Cast | None = None
    pictures: Sequence[Shot] = ()

    @staticmethod
    def of_terminal(cast: Cast, *, screens: bool) -> Recorded:
        """A terminal session; ``screens``: a program filled the screen, so its text is what stood there."""
        transcript = screen_transcript(cast) if screens else cast.transcript()
        return Recorded(transcript, cast.captions, cast)

    def film(self) -> Sequence[Shot]:
        """The pictures of the film."""
        return self.pictures if self.cast is None else list(shots(self.cast))
