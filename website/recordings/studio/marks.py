"""Marks that the player leaves in what it draws: invisible, and taken out by whoever reads the cast."""

from __future__ import annotations

import json
import re
from typing import Any

__all__ = ["mark", "take_marks"]

_MARK = re.compile(r"\x1b\]5522;(.*?)\x07")
_OPEN = "\x1b]5522;"


def mark(**said: Any) -> str:
    """A mark as the control sequence of a number that no terminal knows."""
    return f"{_OPEN}{json.dumps(said)}\x07"


def take_marks(data: str) -> tuple[list[str | dict[str, Any]], str]:
    """What is drawn and the marks between, in order; and the beginning of a mark at the end of ``data``."""
    rest = ""
    start = data.rfind("\x1b")
    if start >= 0 and "\x07" not in data[start:] and _same_beginning(data[start:]):
        data, rest = data[:start], data[start:]
    parts = _MARK.split(data)
    found = [json.loads(part) if index % 2 else part for index, part in enumerate(parts)]
    return [part for part in found if part], rest


def _same_beginning(text: str) -> bool:
    return text.startswith(_OPEN) or _OPEN.startswith(text)
