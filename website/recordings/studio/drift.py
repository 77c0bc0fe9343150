"""Whether a session still looks as it was recorded: the stable lines are compared."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

__all__ = ["drift"]

_MASKS = (
    (re.compile(r"[█░━╸╺]+"), "▒"),
    (re.compile(r"[⠀-⣿]"), "⠿"),  # one frame of a spinner
    (re.compile(r"\d+ (?:min|h) (?=\d)"), ""),
    (re.compile(r"\d[\d.,:]*"), "0"),
    (re.compile(r"key-[0-9a-f]+"), "key-0"),
    (re.compile(r" +"), " "),
)


def drift(recorded: str, now: str, volatile: Iterable[str], *, screens: bool = False) -> list[str]:
    """The differences, as lines of a diff; empty if there are none.

    Numbers, bars, spinners and blanks do not count. Lines that fit a pattern of ``volatile`` are left out.
    ``screens``: these are screens of a program, of which only the last is the same each time.
    """
    if screens:
        recorded, now = (text.rpartition("\n\n[")[2] for text in (recorded, now))
    patterns = [re.compile(pattern) for pattern in volatile]
    before, after = _stable(recorded, patterns), _stable(now, patterns)
    lines = difflib.unified_diff(before, after, "recorded", "now", lineterm="", n=1)
    return list(lines)


def _stable(text: str, volatile: list[re.Pattern[str]]) -> list[str]:
    kept = []
    for line in text.splitlines():
        if not line.strip() or any(pattern.search(line) for pattern in volatile):
            continue
        for mask, instead in _MASKS:
            line = mask.sub(instead, line)  # noqa: PLW2901 (the line, made comparable)
        kept.append(line.strip())
    return kept
