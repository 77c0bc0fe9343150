"""The table of all profiles: which are in use, and why."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from massgen_plugins.cli.output import as_home, emit_json
from massgen_plugins.cli.screen import Line, Screen, Span, aligned, cells, screen_of, wrapped
from massgen_plugins.cli.settings_now import SettingsNow

__all__ = ["answer", "origin_words", "state_words"]

_HEADINGS = ("Profile", "Tier", "State", "Comes from", "Seen")
_WHY = {
    "default": "by default",
    "user": "your choice",
    "project": "this project's choice",
    "disabled": "switched off",
}


def answer(*, provider: str | None = None, as_json: bool = False) -> int:
    """Show the table; returns the exit code.

    Args:
        provider: Only profiles of this provider.
        as_json: Print a JSON document.

    Raises:
        ConfigurationError: Settings or profiles are invalid, or the provider has no profile.
    """
    settings = SettingsNow()
    rows = settings.profiles()
    settings.keep()
    known = {str(row["provider"]) for row in rows}
    if provider is not None and provider not in known:
        from massgen_plugins.profiles.document import Place, shown, suggestion, wrong

        raise wrong(
            Place("--provider"), f"no profile is for {shown(provider)}; {suggestion(provider, known)}"
        )
    chosen = [row for row in rows if provider in (None, row["provider"])]
    if as_json:
        emit_json(chosen)
    else:
        screen = screen_of()
        sys.stdout.write(screen.text(_lines(chosen, screen)))
    return 0


def _lines(rows: Sequence[Mapping[str, Any]], screen: Screen) -> Iterator[Line]:
    table = aligned([[Span(each, "bold") for each in _HEADINGS], *map(_cells, rows)])
    narrow = max(sum(cells(span.words) for span in line) for line in table) > screen.width
    heading, *lines = table
    if not narrow:
        yield heading
    shown = iter(zip(rows, lines, strict=True))
    for provider, group in groupby(rows, lambda row: str(row["provider"])):
        yield (Span(provider, "bold"),)
        for _ in group:
            row, line = next(shown)
            yield from _stacked(row, screen) if narrow else (line,)


def _cells(row: Mapping[str, Any]) -> list[Span]:
    words = (
        f"  {row['name']}",
        row["tier"],
        state_words(row["why"], on=row["on"]),
        origin_words(row["origin"]),
        row["date"],
    )
    return [Span(str(each), "green" if row["on"] else "") for each in words]


def _stacked(row: Mapping[str, Any], screen: Screen) -> Iterator[Line]:
    style = "green" if row["on"] else ""
    yield from wrapped(str(row["name"]), screen.width, 2, style)
    seen = f"seen {row['date']}" if row["date"] else ""
    parts = (str(row["tier"]), state_words(row["why"], on=row["on"]), origin_words(row["origin"]), seen)
    yield from wrapped("; ".join(filter(None, parts)), screen.width, 4, style)


def state_words(why: str, *, on: bool) -> str:
    """Describe whether a profile is in use, and why."""
    words = _WHY.get(why, why)
    return f"{'on' if on else 'off'}{f', {words}' if words else ''}"


def origin_words(origin: str) -> str:
    """Describe the origin of a profile briefly."""
    from massgen_plugins.profiles.places import find_places

    return "built in" if Path(origin).parent == find_places().shipped_dir else as_home(origin)
