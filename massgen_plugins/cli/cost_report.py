"""``cost report``: a page with costs over time, by agent, model and run, and the most expensive calls."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path, PurePath

from massgen_plugins.calls.query import Record
from massgen_plugins.calls.rows import CallRow, Question, Totals
from massgen_plugins.cli.cost_page import bars, columns, escaped, table
from massgen_plugins.cli.cost_page import page as framed
from massgen_plugins.cli.cost_sums import Group, Sums, sums_of
from massgen_plugins.cli.cost_view import missing
from massgen_plugins.cli.money import DOLLAR, clock, cost_of, exact
from massgen_plugins.cli.output import private
from massgen_plugins.cli.wording import short_number
from massgen_plugins.errors import ConfigurationError
from massgen_plugins.profiles.document import shown

__all__ = ["page", "write"]

_TITLE = "What calls cost"
_ROWS = 20
_TWO_DAYS = 2 * 86_400
_TITLES = {"agent": "By agent", "model": "By model", "provider": "By provider"}


def page(record: Record, question: Question) -> str | None:
    """The HTML page; None if there are no such calls."""
    sums = sums_of(record, "run", question, _ROWS)
    if not sums.groups:
        return None
    return framed(_TITLE, _body(record, question, sums))


def write(path: Path, page: str) -> None:
    """Write the page, readable by its owner only.

    Raises:
        ConfigurationError: The file exists and is not such a page, or cannot be written.
    """
    try:
        if path.is_file() and not _is_ours(path):
            raise ConfigurationError(
                f"cost report: {shown(str(path))} exists and is not a page of costs; name another file."
            )
        with private(path) as file:
            file.write(page.encode())
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "the path is not valid"
        raise ConfigurationError(
            f"cost report: {shown(str(path))} cannot be written ({reason}); name another file."
        ) from error


def _is_ours(path: Path) -> bool:
    with path.open("rb") as file:
        begins = file.read(1000)
    return not begins or f"<title>{_TITLE}</title>".encode() in begins


def _body(record: Record, question: Question, sums: Sums) -> Iterator[str]:
    total = sums.total
    yield f"<h1>{_TITLE}</h1>"
    yield f'<p class="dim">{clock(total.first)} to {clock(total.last)}, written {clock(time.time())}</p>'
    yield _facts(total)
    yield from (f"<p>{escaped(sentence)}</p>" for sentence in missing(sums))
    span = "hour" if total.last - total.first < _TWO_DAYS else "day"
    yield f"<h2>Over time, US dollars each {span}</h2>"
    yield columns(list(_over_time(record.totals(question, by=[span]), total, span)), "US dollars over time")
    for dimension, title in _TITLES.items():
        rows = sorted(record.totals(question, by=[dimension]), key=lambda each: each.cost, reverse=True)
        yield f"<h2>{title}</h2>"
        yield bars([_bar(each, each.key[dimension] or f"no {dimension}") for each in rows[:_ROWS]])
    yield "<h2>Runs</h2>"
    yield _runs(sums)
    yield "<h2>The most expensive calls</h2>"
    yield _dearest(record, question)
    sources = [each.key["source"] for each in record.totals(question, by=["source"]) if each.key["source"]]
    whose = escaped(", ".join(sources) or "nobody")
    yield f'<p class="dim">Prices of: {whose}. The record: {escaped(str(record.path))}</p>'


def _over_time(found: list[Totals], total: Totals, span: str) -> Iterator[tuple[str, float, str]]:
    """A value for every hour or day from the first call to the last, including those without calls."""
    known = {each.key[span]: each for each in found}
    form, step = ("%Y-%m-%d %H:00", timedelta(hours=1)) if span == "hour" else ("%Y-%m-%d", timedelta(days=1))
    at, end = datetime.fromtimestamp(total.first), datetime.fromtimestamp(total.last)  # noqa: DTZ006 - local days
    names = {at.strftime(form): None}
    while at < end:
        at = min(at + step, end)
        names[at.strftime(form)] = None
    yield from (_bar(known.get(name, Totals({})), name) for name in names)


def _facts(total: Totals) -> str:
    facts = (
        (cost_of(total), "US dollars"),
        (f"{total.calls:,}", "calls"),
        (f"{total.runs:,}", "runs"),
        (short_number(total.tokens.input), "tokens in"),
        (short_number(total.tokens.cached), "of these cached"),
        (short_number(total.tokens.output), "tokens out"),
        (f"{total.refused:,}", "refused"),
    )
    items = (f"<li><b>{escaped(value)}</b>{escaped(name)}</li>" for value, name in facts)
    return f'<ul class="facts">{"".join(items)}</ul>'


def _bar(totals: Totals, name: str) -> tuple[str, float, str]:
    return name, float(totals.cost / DOLLAR), cost_of(totals)


def _runs(sums: Sums) -> str:
    headings = ("run", "team", "began", "calls", "in", "out", "US dollars", "MassGen says", "because")
    return table(headings, map(_run, reversed(sums.groups)), (3, 4, 5, 6, 7))


def _run(group: Group) -> tuple[str, ...]:
    totals, told = group.totals, group.difference
    return (
        group.name or "no run",
        PurePath(group.run.file).name if group.run else "",
        clock(group.run.started if group.run else totals.first),
        f"{totals.calls:,}",
        short_number(totals.tokens.input),
        short_number(totals.tokens.output),
        cost_of(totals),
        f"{told.theirs:,.4f}" if told else "",
        told.reason if told else "",
    )


def _dearest(record: Record, question: Question) -> str:
    calls = record.calls(question, limit=_ROWS, dearest_first=True)
    headings = ("call", "when", "agent", "model", "in", "cached", "out", "US dollars")
    return table(headings, map(_call, calls), (0, 4, 5, 6, 7))


def _call(call: CallRow) -> tuple[str, ...]:
    tokens = call.tokens
    counts = (tokens.input, tokens.cached, tokens.output) if tokens is not None else ()
    return (
        str(call.id),
        clock(call.time),
        call.agent,
        call.model,
        *(f"{count:,}" for count in counts or ()),
        *(() if counts else ("", "", "")),
        "unknown" if call.cost is None else exact(call.cost),
    )
