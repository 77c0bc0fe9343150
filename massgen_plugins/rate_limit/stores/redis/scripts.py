"""The Lua scripts of this package, by name, and the commands that run them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import NamedTuple, TypeAlias

__all__ = ["Command", "Script", "Word", "load", "run"]

Word: TypeAlias = str | bytes | int | float
"""What a command is made of."""

_INCLUDE = re.compile(r"^ *-- include: (\w+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Script:
    """A Lua script.

    Attributes:
        text: All of it, with the parts that it requires.
        sha: The name by which a server knows it.
    """

    text: str
    sha: str


class Command(NamedTuple):
    """What is sent to the server.

    Attributes:
        words: The command and its arguments.
        script: The script that it runs, if it runs one: a server that does not know it has to be told.
    """

    words: tuple[Word, ...]
    script: Script | None = None

    def in_full(self) -> tuple[Word, ...]:
        """The same for a server that does not know the script."""
        if self.script is None:
            return self.words
        return ("EVAL", self.script.text, *self.words[2:])


@cache
def load(name: str) -> Script:
    """A script by its name. A line ``-- include: part`` stands for a part that scripts share."""
    text = _read(name)
    return Script(text, hashlib.sha1(text.encode()).hexdigest())  # noqa: S324 - that is how Redis names it


def run(name: str, keys: Sequence[str], *args: Word) -> Command:
    """The command that runs a script."""
    script = load(name)
    return Command(("EVALSHA", script.sha, len(keys), *keys, *args), script)


def _read(name: str) -> str:
    text = (files(__package__) / "lua" / f"{name}.lua").read_text(encoding="utf-8")
    return _INCLUDE.sub(lambda found: _read(found[1]), text)
