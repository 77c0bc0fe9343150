"""A recording's script: what is typed, one command after the other."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["Script", "Step"]


@dataclass(frozen=True)
class Step:
    """One command.

    Attributes:
        run: The command, as it is typed; a line that begins with ``#`` is only typed.
        hidden: A command that nobody sees, most often one that waits.
        pause: Seconds to look at the result.
    """

    run: str = ""
    hidden: str = ""
    pause: float = 1.0


@dataclass(frozen=True)
class Script:
    """A recording.

    Attributes:
        name: Its file's name.
        title: What it shows, in one sentence.
        steps: The commands, in order.
        files: Files of the folder ``files`` that the project holds.
        provider: Arguments of :meth:`lab.Lab.provider`.
        slow: It takes more than half a minute, so the fast tests leave it out.
        volatile: Patterns of lines that may differ from one time to the next.
    """

    name: str
    title: str
    steps: tuple[Step, ...]
    files: tuple[str, ...] = ()
    provider: dict[str, Any] | None = None
    slow: bool = False
    volatile: tuple[str, ...] = ()

    @staticmethod
    def load(file: Path) -> Script:
        """Read a script; raises ``TypeError`` for a key that there is not."""
        content: dict[str, Any] = tomllib.loads(file.read_text("utf-8"))
        content["steps"] = tuple(Step(**step) for step in content.pop("step"))
        for key in ("files", "volatile"):
            content[key] = tuple(content.get(key, ()))
        return Script(file.stem, **content)
