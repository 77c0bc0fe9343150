"""The table of ``massgen-rl profiles``: its rows are remembered as long as no file changes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from massgen_plugins.cli.answer_cache import AnswerCache
from massgen_plugins.cli.output import as_home, emit_json
from massgen_plugins.cli.screen import Line, Span, aligned, cells, screen_of, wrapped

__all__ = ["answer", "state_of"]

_ANSWER = "profiles"
_WHY = {
    "default": "by default",
    "user": "your choice",
    "project": "this project's choice",
    "disabled": "switched off",
}
_HEADINGS = ("Profile", "Tier", "State", "Comes from", "Seen")


def answer(provider: str | None = None, *, as_json: bool = False) -> int:
    """Print the table, or the rows as JSON; the exit code.

    Raises:
        ConfigurationError: Settings or profiles are wrong, or no profile is for that provider.
    """
    found = _rows()
    rows = [each for each in found if provider in (None, each["provider"])]
    if provider is not None and not rows:
        from massgen_plugins.cli.places import current_places
        from massgen_plugins.profiles.overview import overview

        overview(provider, places=current_places())  # it says which ones there are
    if as_json:
        emit_json([{key: value for key, value in row.items() if key != "label"} for row in rows])
        return 0
    screen = screen_of()
    print(screen.text(_lines(rows, screen.width)), end="")  # noqa: T201 - the result
    return 0


def state_of(*, on: bool, why: str) -> str:
    """On or off, and why."""
    said = _WHY.get(why, why)
    return f"{'on' if on else 'off'}{f', {said}' if said else ''}"


def _rows() -> list[dict[str, Any]]:
    cache = AnswerCache()
    rows = cache.get(_ANSWER)
    if isinstance(rows, list):
        return rows
    from dataclasses import asdict
    from pathlib import Path

    from massgen_plugins.cli.places import current_places
    from massgen_plugins.profiles.loading import files_of
    from massgen_plugins.profiles.overview import overview

    places = current_places()
    cache.watch(files_of(places))  # looked at before they are read
    rows = [
        asdict(row)
        | {"label": "built in" if Path(row.origin).parent == places.shipped_dir else as_home(row.origin)}
        for row in overview(places=places)
    ]
    cache.put(_ANSWER, rows)
    cache.save()
    return rows


def _lines(rows: Sequence[dict[str, Any]], width: int) -> Iterator[Line]:
    table = [[Span(heading, "bold") for heading in _HEADINGS]]
    for provider, group in groupby(rows, lambda row: str(row["provider"])):
        table.append([Span(provider, "bold"), *[Span("")] * 4])
        table += [_cells(row) for row in group]
    lines = aligned(table)
    if max(sum(cells(span.words) for span in line) for line in lines) <= width:
        yield from lines
        return
    for provider, group in groupby(rows, lambda row: str(row["provider"])):
        yield (Span(provider, "bold"),)
        for row in group:
            style = "green" if row["on"] else ""
            yield from wrapped(f"{row['name']}  {state_of(on=row['on'], why=row['why'])}", width, 2, style)
            more = ", ".join(filter(None, (row["tier"], row["label"], row["date"])))
            yield from wrapped(more, width, 4, "dim")


def _cells(row: dict[str, Any]) -> list[Span]:
    style = "green" if row["on"] else ""
    words = (
        f"  {row['name']}", row["tier"], state_of(on=row["on"], why=row["why"]), row["label"], row["date"],
    )  # fmt: skip
    return [Span(str(each), style) for each in words]
