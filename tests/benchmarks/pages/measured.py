"""The tables of the page on what was measured."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from tests.benchmarks.figures import Figure
from tests.benchmarks.measures import burst, large, memory, server_side, uncontended
from tests.benchmarks.table import number

__all__ = ["Book", "about", "costs", "goals", "markdown", "misses", "peers", "shared"]

_OURS = "massgen-plugins"


class Book:
    """All figures, to be looked up.

    Args:
        figures: Those of the main run.
        newer: Those of a run with a newer Python, for limiters that need one.
    """

    def __init__(self, figures: Sequence[Figure], newer: Sequence[Figure] = ()) -> None:
        self.figures = list(figures)
        known = {each.subject for each in figures}
        self.newer = {each.subject for each in newer} - known
        self._all = {
            (each.measure, each.subject): each
            for each in (*(n for n in newer if n.subject in self.newer), *figures)
        }

    def find(self, measure: str, subject: str) -> Figure | None:
        """A figure, if it was measured."""
        return self._all.get((measure, subject))

    def subjects(self, measure: str) -> list[str]:
        """Of whom there is a figure, those that need a newer Python last."""
        found = [subject for what, subject in self._all if what == measure]
        return sorted(found, key=lambda each: each in self.newer)

    def named(self, subject: str) -> str:
        """For the first column."""
        if subject == _OURS:
            return f"**{subject}**"
        return f"{subject} (Python 3.12)" if subject in self.newer else subject


def peers(book: Book) -> str:
    """One row for each limiter: what the provider sees."""
    rows = [
        [
            book.named(name),
            _percent(book.find(server_side.USED, name)),
            _percent(book.find(server_side.REFUSED, name)),
            _times(book.find(server_side.WORST, name)),
            _windows(book.find(large.WHAT, name)),
        ]
        for name in book.subjects(server_side.USED)
    ]
    return markdown(
        ["limiter", "served, of the limit", "refused", "fullest minute", "one large request"], rows
    )


def costs(book: Book) -> str:
    """One row for each limiter: what it costs. A column that nobody was measured for is left out."""
    apart = [(uncontended.APART.format(gap=gap), f"{gap:g} s apart") for gap in uncontended.GAPS]
    columns: list[tuple[str, str, Callable[[Figure | None], str]]] = [
        (uncontended.ALONE, "acquire", _times),
        (uncontended.CYCLE, "reserve and settle", _times),
        *((what, f"the same, calls {head}", _times) for what, head in apart),
        (burst.CPU, "in a crowd of 200", partial(_plain, unit=" us")),
        (memory.WHAT, "memory", partial(_plain, unit=" KiB")),
    ]
    columns = [each for each in columns if book.subjects(each[0])]
    rows = [
        [book.named(name), *(show(book.find(what, name)) for what, _, show in columns)]
        for name in book.subjects(uncontended.ALONE)
    ]
    return markdown(["limiter", *(head for _, head, _ in columns)], rows)


def shared(book: Book) -> str:
    """What sharing costs, through a file and through a server."""
    rows = [
        [each.measure, each.subject, f"{number(each.value)} {each.unit}".strip()]
        for each in book.figures
        if "SQLite" in each.measure or "Redis" in each.measure
    ]
    return markdown(["measure", "limiter", "measured"], rows)


def goals(book: Book) -> str:
    """Every goal, and whether it is reached."""
    rows = [
        [
            each.measure + ("" if each.subject in {"ours", _OURS} else f" ({each.subject})"),
            each.unit,
            f"{'at least' if each.at_least else 'at most'} {number(each.goal)}",
            number(each.value),
            "yes" if each.passed else "**no**",
        ]
        for each in book.figures
        if each.goal is not None
    ]
    return markdown(["measure", "in", "goal", "measured", "reached"], rows)


def misses(book: Book) -> str:
    """How many goals there are, and how many are not reached."""
    judged = [each for each in book.figures if each.goal is not None]
    missed = sum(not each.passed for each in judged)
    return f"Of {len(judged)} goals, {len(judged) - missed} are reached and {missed} are not."


def about(machine: dict[str, Any], hurried: Sequence[str] = ()) -> str:
    """Where and when, with which versions, and what was measured in a hurry."""
    versions = ", ".join(f"{name} {version}" for name, version in sorted(machine["versions"].items()))
    lines = [
        f"* {machine['date'][:10]}, {machine['processor']}, {machine['cores']} cores, {machine['system']}",
        f"* Python {machine['python']}, SQLite {machine['sqlite']}",
        f"* {versions}",
    ]
    if hurried:
        names = ", ".join(hurried)
        lines.append(f"* On a busy machine or with fewer repetitions, so less certain: {names}")
    return "\n".join([*lines, *(f"* {name}: {reason}" for name, reason in machine["missing"].items())])


def markdown(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table."""
    lines = ["| " + " | ".join(heads) + " |", "| " + " | ".join("---" for _ in heads) + " |"]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)])


def _windows(figure: Figure | None) -> str:
    if figure is None:
        return "cannot be asked for"
    return "starves" if figure.note == "starved" else f"waits {number(figure.value)} windows"


def _percent(figure: Figure | None) -> str:
    return "" if figure is None else f"{figure.value * 100:.1f} %"


def _times(figure: Figure | None) -> str:
    return "" if figure is None else f"{number(figure.value)}x"


def _plain(figure: Figure | None, unit: str) -> str:
    return "" if figure is None else number(figure.value) + unit
