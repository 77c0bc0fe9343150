"""Fences of shell commands."""

from __future__ import annotations

import re
import subprocess

from . import known_commands, running
from .documents import complaints as document_complaints
from .fences import Fence
from .problem import Problem
from .words_of_shell import take_apart

_PROMPT = re.compile(r"^\$ ")


def syntax(fence: Fence) -> list[Problem]:
    """It must be shell, and lines of MassGen's in it must be right."""
    if any(_PROMPT.match(line) for line in fence.code.splitlines()):
        return [
            Problem(fence.path, fence.line, "a prompt in a bash fence", "call it `console`, or drop the `$ `")
        ]
    return syntax_of(fence, fence.code, fence.line + 1) or commands_of(fence, fence.code, fence.line + 1)


check = syntax
"""The class ``check`` says that the lines are MassGen's; what they say is checked in all classes."""


def run(fence: Fence) -> list[Problem]:
    """It must be right, and do what it promises: end with the code that the class names, or 0."""
    wrong = syntax(fence)
    if wrong:
        return wrong
    wanted = int(fence.words["run"] or 0)
    done = running.bash(fence.code)
    if done.code == wanted:
        return []
    what = f"ended with {done.code} instead of {wanted}; its last words: {done.last_words()}"
    return [
        Problem(fence.path, fence.line, what, "mend it, or call it `bash check` if it cannot run offline")
    ]


def syntax_of(fence: Fence, code: str, line: int) -> list[Problem]:
    """What bash says of a text without running it."""
    done = subprocess.run(["bash", "-n"], input=code, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return []
    said = " ".join(done.stderr.split())
    return [Problem(fence.path, line, f"not shell: {said}", "quote placeholders; `<...>` is a redirection")]


def commands_of(fence: Fence, code: str, line: int) -> list[Problem]:
    """What is wrong with commands whose arguments can be checked, and with files written by them."""
    try:
        commands, documents = take_apart(code)
    except ValueError as error:
        return [Problem(fence.path, line, f"not shell: {error}", "close the quotation")]
    found = [
        Problem(fence.path, line + command.line, f"{' '.join(command.words)[:100]}: {said}", "see its --help")
        for command in commands
        for said in known_commands.complaints(command.words)
    ]
    return found + [
        problem for document in documents for problem in document_complaints(fence, line, document)
    ]
