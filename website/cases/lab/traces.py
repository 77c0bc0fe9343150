"""What an agent did with its tools, read out of MassGen's ``execution_trace.md``."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

__all__ = ["calls", "commands"]

_CALL = re.compile(
    r"^### Tool Call: (?P<tool>\S+)\n.*?^```json\n(?P<arguments>.*?)^```\n+"
    r"^### Tool Result: \S+\n```\n(?P<result>.*?)^```\s*(?=^###|\Z)",
    re.DOTALL | re.MULTILINE,
)
_DOCUMENT = re.compile(r"(<<'END'\n).*?^(END)$", re.DOTALL | re.MULTILINE)
_FRAME = re.compile(r"\s*$|```|Index: |===|@@|--- |\+\+\+ ")
"""Lines without a word, and what the file tools put around a change."""

_SHARED = re.compile(r"\S*/temp_workspaces/\S+?/\w+/(agent\d)")
"""Another agent's workspace, for the one agent that sees it under this name."""

_LONGEST = 48
"""Characters of an argument that are shown."""


def commands(trace: str) -> str:
    """The commands of the command line tool, after ``$`` and ``>``, with what they printed.

    The text of a here-document is left out: it is the file that the command writes. The long directory in
    which an agent sees the others' files is shortened.
    """
    shown = []
    for tool, arguments, result in _calls(trace):
        if tool.endswith("execute_command"):
            said = json.loads(result)
            command = _DOCUMENT.sub(r"\1...\n\2", arguments["command"].strip()).replace("\n", "\n> ")
            shown.append(f"$ {command}\n{said['stdout']}{said['stderr']}".rstrip())
    return _short("\n".join(shown))


def calls(trace: str) -> str:
    """Each call of a tool, ``SERVER.TOOL(ARGUMENTS)`` with long arguments cut, and its result, indented."""
    shown = []
    for tool, arguments, result in _calls(trace):
        name = tool.removeprefix("mcp__").replace("__", ".", 1)
        said = ", ".join(f"{key}: {_cut(value)}" for key, value in arguments.items())
        lines = [line for line in result.splitlines() if not _FRAME.match(line)]
        shown += [f"{name}({said})", *(f"    {line}" for line in lines)]
    return _short("\n".join(shown))


def _calls(trace: str) -> Iterator[tuple[str, dict[str, Any], str]]:
    """Name, arguments and result of each call."""
    for found in _CALL.finditer(trace):
        yield found["tool"], json.loads(found["arguments"]), found["result"].strip()


def _cut(value: Any) -> str:
    """The beginning of a text; a path, which has no blanks, as it is."""
    text = value if isinstance(value, str) else json.dumps(value)
    first = text.partition("\n")[0]
    if " " not in text or (first == text and len(text) <= _LONGEST):
        return text
    return f"{first[:_LONGEST].rstrip()} ..."


def _short(text: str) -> str:
    return _SHARED.sub(r".../temp_workspaces/.../\1", text)
