"""Fences of sessions: lines after ``$ `` are commands, the rest is what they print."""

from __future__ import annotations

from . import shell
from .fences import Fence
from .problem import Problem


def check(fence: Fence) -> list[Problem]:
    """Every command must be shell, and right."""
    found = []
    for line, command in _commands(fence):
        found += shell.syntax_of(fence, command, line) or shell.commands_of(fence, command, line)
    if not found and not _commands(fence):
        found.append(
            Problem(fence.path, fence.line, "a session without a command", "begin commands with `$ `")
        )
    return found


other = check


def _commands(fence: Fence) -> list[tuple[int, str]]:
    found: list[tuple[int, str]] = []
    lines = fence.code.splitlines()
    number = 0
    while number < len(lines):
        start = number
        if lines[number].startswith("$ "):
            text = lines[number][2:]
            while text.endswith("\\") and number + 1 < len(lines):
                number += 1
                text += "\n" + lines[number].removeprefix("> ")
            found.append((fence.line + 1 + start, text))
        number += 1
    return found
