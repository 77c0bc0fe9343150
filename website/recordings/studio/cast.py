"""A cast as a list of moments: long pauses cut, the throw-away folder renamed, and its text for readers."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["Cast"]

_LONGEST_PAUSE = 1.0
"""Seconds; MassGen needs several to start, and nobody wants to watch that."""

_CONTROL = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07]*\x07|\x1b[=>78]")
_NOISE = re.compile(r"Warning: |^  (?:from|with|class) |^It will be compatible", re.MULTILINE)


@dataclass
class Cast:
    """A recorded terminal session.

    Attributes:
        head: The first line of the file: size, time.
        moments: Seconds since the start, and what was drawn then.
    """

    head: dict[str, Any]
    moments: list[tuple[float, str]]

    @staticmethod
    def read(file: Path) -> Cast:
        """Read a cast of version 2."""
        first, *lines = file.read_text("utf-8").splitlines()
        events = [json.loads(line) for line in lines]
        return Cast(json.loads(first), [(time, data) for time, kind, data in events if kind == "o"])

    def tidy(self, renamed: dict[str, str]) -> Cast:
        """The same without long pauses, with folders renamed, and with nothing about this machine."""
        head = {key: self.head[key] for key in ("version", "width", "height")}
        moments: list[tuple[float, str]] = []
        now = before = 0.0
        for moment, data in self.moments:
            now += min(moment - before, _LONGEST_PAUSE)
            before = moment
            for old, new in renamed.items():
                data = data.replace(old, new)  # noqa: PLW2901 (the name for what is drawn)
            if moments and round(now, 2) - moments[-1][0] < 0.02:
                moments[-1] = (moments[-1][0], moments[-1][1] + data)
            else:
                moments.append((round(now, 2), data))
        return Cast(head, moments)

    def write(self, file: Path) -> None:
        """Write it as a file."""
        lines = [
            json.dumps(self.head),
            *(json.dumps([time, "o", data], ensure_ascii=False) for time, data in self.moments),
        ]
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")

    def transcript(self) -> str:
        """What can be read, line by line; of a line that was drawn over, its last state."""
        text = _CONTROL.sub("", "".join(data for _, data in self.moments)).replace("\r\n", "\n")
        lines = [line.rstrip("\r").rpartition("\r")[2].rstrip() for line in text.split("\n")]
        return "\n".join(lines).removesuffix("$").rstrip() + "\n"
