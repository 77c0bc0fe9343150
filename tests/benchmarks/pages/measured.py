"""The tables of the page on what was measured."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tests.benchmarks.measures import burst, large, server_side, uncontended
from tests.benchmarks.table import number

__all__ = ["about", "costs", "goals", "markdown", "misses", "peers", "shared"]

_OURS = "massgen-plugins"
Results = dict[str, Any]


def peers(results: Results) -> str:
    """One row for each limiter: what the provider sees."""
    rows = [
        [
            _named(name),
            _percent(_value(results, server_side.USED, name)),
            _percent(_value(results, server_side.REFUSED, name)),
            _times(_value(results, server_side.WORST, name)),
            _windows(_value(results, large.WHAT, name), _note(results, large.WHAT, name)),
        ]
        for name in _subjects(results, server_side.USED)
    ]
    heads = ["limiter", "served, of the limit", "refused", "fullest minute", "one large request waits"]
    return markdown(heads, rows)


def costs(results: Results) -> str:
    """One row for each limiter: what it costs."""
    rows = [
        [
            _named(name),
            _times(_value(results, uncontended.ALONE, name)),
            _times(_value(results, uncontended.CYCLE, name)),
            _plain(_value(results, burst.CPU, name), " us"),
            _plain(_value(results, "memory of a scope", "ours" if name == _OURS else name), " KiB"),
        ]
        for name in _subjects(results, uncontended.ALONE)
    ]
    heads = ["limiter", "acquire", "reserve and settle, requests and tokens", "in a crowd of 200", "memory"]
    return markdown(heads, rows)


def shared(results: Results) -> str:
    """What sharing costs, through a file and through a server."""
    figures = [
        each for each in results["figures"] if "SQLite" in each["measure"] or "Redis" in each["measure"]
    ]
    rows = [
        [each["measure"], each["subject"], f"{number(each['value'])} {each['unit']}".strip()]
        for each in figures
    ]
    return markdown(["measure", "limiter", "measured"], rows)


def goals(results: Results) -> str:
    """Every goal, and whether it is reached."""
    rows = [
        [
            each["measure"] + ("" if each["subject"] in {"ours", _OURS} else f" ({each['subject']})"),
            each["unit"],
            f"{'at least' if each['at_least'] else 'at most'} {number(each['goal'])}",
            number(each["value"]),
            "yes" if each["passed"] else "**no**",
        ]
        for each in results["figures"]
        if each["goal"] is not None
    ]
    return markdown(["measure", "in", "goal", "measured", "reached"], rows)


def misses(results: Results) -> str:
    """How many goals there are, and how many are not reached."""
    judged = [each for each in results["figures"] if each["goal"] is not None]
    missed = sum(not each["passed"] for each in judged)
    return f"Of {len(judged)} goals, {len(judged) - missed} are reached and {missed} are not."


def about(results: Results) -> str:
    """Where and when, with which versions."""
    machine = results["machine"]
    versions = ", ".join(f"{name} {version}" for name, version in sorted(machine["versions"].items()))
    lines = [
        f"* {machine['date'][:10]}, {machine['processor']}, {machine['cores']} cores, {machine['system']}",
        f"* Python {machine['python']}, SQLite {machine['sqlite']}",
        f"* {versions}",
    ]
    lines += [f"* {name}: {reason}" for name, reason in machine["missing"].items()]
    return "\n".join(lines)


def markdown(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table."""
    lines = ["| " + " | ".join(heads) + " |", "| " + " | ".join("---" for _ in heads) + " |"]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)])


def _named(name: str) -> str:
    return f"**{name}**" if name == _OURS else name


def _subjects(results: Results, measure: str) -> list[str]:
    return [each["subject"] for each in results["figures"] if each["measure"] == measure]


def _value(results: Results, measure: str, subject: str) -> float | None:
    for each in results["figures"]:
        if (each["measure"], each["subject"]) == (measure, subject):
            return float(each["value"])
    return None


def _note(results: Results, measure: str, subject: str) -> str:
    notes = [e["note"] for e in results["figures"] if (e["measure"], e["subject"]) == (measure, subject)]
    return str(notes[0]) if notes else ""


def _windows(waited: float | None, note: str) -> str:
    if waited is None:
        return "cannot ask for more than one"
    return "starves" if note == "starved" else f"{number(waited)} windows"


def _percent(value: float | None) -> str:
    return "" if value is None else f"{value * 100:.1f} %"


def _times(value: float | None) -> str:
    return "" if value is None else f"{number(value)}x"


def _plain(value: float | None, unit: str) -> str:
    return "" if value is None else number(value) + unit
