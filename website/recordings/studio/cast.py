"""A cast as a list of moments: long pauses cut, the throw-away folder renamed, and its text for readers."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from studio.marks import take_marks

__all__ = ["Cast"]

_LONGEST_PAUSE = 1.0
"""Seconds; MassGen needs several to start, and nobody wants to watch that."""

_CONTROL = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07]*\x07|\x1b[=>78]")
_SPINNER = re.compile("[\u2800-\u28ff]")
_TURN = re.compile("\r\x1b\\[2K[^\r\n]*[\u2800-\u28ff][^\r\n]*")
"""A line that a spinner draws over the one before."""

_SAME = 0.02
"""Seconds; what is drawn within them is one moment."""


class Pace:
    """How long each moment lasts for whoever looks on: a pause or a turning spinner, a second at most."""

    def __init__(self) -> None:
        self._before = self._turning = 0.0

    def seconds(self, moment: float, data: str) -> float:
        """From the moment before to this one."""
        gap, self._before = moment - self._before, moment
        if not _SPINNER.search(data):
            self._turning = 0.0
            return min(gap, _LONGEST_PAUSE)
        left = max(0.0, _LONGEST_PAUSE - self._turning)
        self._turning += gap
        return min(gap, left)


@dataclass
class Cast:
    """A recorded terminal session.

    Attributes:
        head: The first line of the file: size, time.
        moments: Seconds since the start, and what was drawn then.
        captions: Seconds since the start, and what was said from then on.
    """

    head: dict[str, Any]
    moments: list[tuple[float, str]]
    captions: list[tuple[float, str]] = field(default_factory=list)

    @staticmethod
    def read(file: Path) -> Cast:
        """Read a cast of version 2."""
        first, *lines = file.read_text("utf-8").splitlines()
        events = [json.loads(line) for line in lines]
        return Cast(
            json.loads(first),
            [(time, data) for time, kind, data in events if kind == "o"],
            [(time, data) for time, kind, data in events if kind == "m"],
        )

    def tidy(self, renamed: dict[str, str]) -> Cast:
        """The same without long pauses, with folders renamed, and with nothing about this machine."""
        tidied = _Tidied()
        pace, rest = Pace(), ""
        for moment, data in self.moments:
            tidied.now += pace.seconds(moment, data)
            parts, rest = take_marks(rest + data)
            for part in parts:
                if isinstance(part, dict):
                    tidied.obey(part)
                else:
                    tidied.draw(part, renamed)
        head = {key: self.head[key] for key in ("version", "width", "height")}
        return Cast(head, tidied.moments, tidied.captions)

    def write(self, file: Path) -> None:
        """Write it as a file; captions become markers."""
        events = [(time, "o", data) for time, data in self.moments]
        events += [(time, "m", said) for time, said in self.captions]
        lines = [
            json.dumps(event, ensure_ascii=False) for event in sorted(events, key=lambda event: event[0])
        ]
        file.write_text("\n".join([json.dumps(self.head), *lines]) + "\n", encoding="utf-8")

    def transcript(self) -> str:
        """What can be read, line by line; of a line that was drawn over, its last state."""
        text = _CONTROL.sub("", "".join(data for _, data in self.moments)).replace("\r\n", "\n")
        lines = [line.rstrip("\r").rpartition("\r")[2].rstrip() for line in text.split("\n")]
        return "\n".join(lines).removesuffix("$").rstrip() + "\n"


class _Tidied:
    """The tidy cast so far; ``now`` is its time."""

    def __init__(self) -> None:
        self.now = 0.0
        self.moments: list[tuple[float, str]] = []
        self.captions: list[tuple[float, str]] = []
        self._started = 0
        self._ended = False

    def obey(self, mark: dict[str, Any]) -> None:
        """Do what a mark of the player says."""
        if "say" in mark and not self._ended:
            self.captions.append((round(self.now, 2), mark["say"]))
        if "start" in mark:
            self._started = len(self.moments)
        if "cut" in mark:
            drawn = "".join(data for _, data in self.moments[self._started :])
            self.now = self.moments[self._started - 1][0] + _SAME if self._started else 0.0
            self.moments[self._started :] = [(round(self.now, 2), drawn)]
        if "end" in mark:
            self._ended = True

    def draw(self, data: str, renamed: dict[str, str]) -> None:
        """Add what is drawn now; after the end of a program that filled the screen, nothing."""
        if self._ended:
            return
        for old, new in renamed.items():
            data = data.replace(old, new)
        at = round(self.now, 2)
        if len(self.moments) > self._started and at - self.moments[-1][0] < _SAME:
            before = (
                "" if _TURN.fullmatch(data) and _TURN.fullmatch(self.moments[-1][1]) else self.moments[-1][1]
            )
            self.moments[-1] = (self.moments[-1][0], before + data)
        else:
            self.moments.append((at, data))
