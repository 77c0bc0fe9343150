"""What a case came to: figures with their units, excerpts of logs, and the file that holds them."""

from __future__ import annotations

import json
import platform
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

__all__ = ["Figure", "Story", "format_figure"]

Figure = int | float | str | bool

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_SCRATCH = re.compile(r"/[\w./-]*massgen-case-\w+/[\w-]+/")
"""The throw-away directory of one user: in excerpts it is ``~/``."""

_LIBRARIES = re.compile(r"Warning: |^  (?:from|with|class) |^It will be compatible")
"""Python's own warnings about libraries."""


def format_figure(value: Figure) -> str:
    """A figure as the pages show it: ``12``, ``1,234``, ``63.1``, ``yes``, or a word as it is."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:,.1f}" if isinstance(value, float) else value


@dataclass
class Story:
    """Collects what a case wants to tell.

    Attributes:
        figures: What was measured, by a dotted name such as ``off.refused``.
        excerpts: Lines of logs or output, word for word, by name.
    """

    figures: dict[str, Figure] = field(default_factory=dict)
    excerpts: dict[str, list[str]] = field(default_factory=dict)

    def add(self, prefix: str, **figures: Figure) -> None:
        """Note figures of one run; floats are rounded to one decimal, as pages show them."""
        for name, value in figures.items():
            self.figures[f"{prefix}.{name}"] = round(value, 1) if isinstance(value, float) else value

    def quote(self, name: str, text: str, *, holding: str = "", most: int = 12) -> None:
        """Keep lines of ``text``, word for word: the first ``most`` that the pattern ``holding`` fits.

        Colours, Python's warnings about libraries, and a line that repeats the one before are left out.
        """
        lines: list[str] = []
        for line in _SCRATCH.sub("~/", _COLOUR.sub("", text)).splitlines():
            wanted = re.search(holding, line) and not _LIBRARIES.search(line)
            if wanted and line.rstrip() not in lines[-1:]:
                lines.append(line.rstrip())
        self.excerpts[name] = lines[:most]

    def keep(self, name: str, text: str) -> None:
        """Keep a whole text, such as a file that the run made."""
        self.excerpts[name] = _SCRATCH.sub("~/", text).splitlines()

    def write(self, file: Path, command: str, seconds: float) -> None:
        """Write the results file."""
        document: Mapping[str, Any] = {
            "command": command,
            "ran": datetime.now(UTC).date().isoformat(),
            "took_seconds": round(seconds),
            "versions": {
                "massgen": version("massgen"),
                "massgen-plugins": version("massgen-plugins"),
                "python": platform.python_version(),
            },
            "figures": self.figures,
            "excerpts": self.excerpts,
        }
        file.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
