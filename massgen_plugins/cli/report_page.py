"""The page of a report: HTML, styles and charts in one file without external resources."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from html import escape

from massgen_plugins.cli.money import cost_of
from massgen_plugins.cli.output import clean
from massgen_plugins.cli.report_chart import agent_row, axis, legend, limit_chart
from massgen_plugins.cli.report_data import RunReport
from massgen_plugins.cli.report_style import STYLE
from massgen_plugins.cli.wording import clock, plural, short_number

__all__ = ["MARK", "page_of"]

MARK = "<!-- massgen-rl report -->"
"""Marker at the start of every report."""

_MOST_ROWS = 2000
_LIMITS = "Use of each window by this run's calls alone; the line is today's limit."
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def page_of(report: RunReport, now: float) -> str:
    """The complete page.

    Args:
        report: The data.
        now: Creation time, in seconds since the epoch.
    """
    title = f"Run {report.run.name}" if report.run.name else "Calls outside of any run"
    body = "\n".join(_sections(report, title, now))
    return (
        f'<!doctype html>{MARK}\n<html lang="en"><head><meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        f"<title>{_text(title)}</title>\n<style>{STYLE}</style></head>\n"
        f"<body><main>\n{body}\n</main></body></html>\n"
    )


def _sections(report: RunReport, title: str, now: float) -> Iterator[str]:
    begins = datetime.fromtimestamp(report.begins).astimezone()
    team = f"<p>{_text(report.run.file)}</p>" if report.run.file else ""
    yield f"<h1>{_text(title)}</h1>{team}<p>{begins:%Y-%m-%d %H:%M:%S %Z}</p>"
    yield f'<dl class="facts">{"".join(_facts(report))}</dl>'
    yield f"<section><h2>Calls</h2>{legend()}"
    yield from (agent_row(each, report) for each in report.agents)
    yield f"{axis(report)}</section>"
    if report.uses:
        yield f"<section><h2>Limits</h2><p>{_LIMITS}</p>"
        yield from (limit_chart(use, report) for use in report.uses)
        yield f"{axis(report)}</section>"
    yield from _table(report)
    made = datetime.fromtimestamp(now).astimezone()
    yield f"<footer>Made by massgen-rl report, {made:%Y-%m-%d %H:%M %Z}.</footer>"


def _facts(report: RunReport) -> Iterator[str]:
    totals = report.totals
    took = report.ends - report.begins
    yield _fact("took", clock(took))
    yield _fact("calls", f"{totals.calls:,}")
    yield _fact("refused by the provider", f"{totals.refused:,}")
    if totals.turned_away:
        yield _fact("turned away by the limiter", f"{totals.turned_away:,}")
    if totals.failed:
        yield _fact("without a usable answer", f"{totals.failed:,}")
    yield _fact("waited, all agents together", clock(totals.waited))
    yield _fact("longest wait", clock(totals.longest_wait))
    yield _fact("tokens", f"{short_number(totals.tokens.input)} in, {short_number(totals.tokens.output)} out")
    yield _fact("cost", _cost(report))


def _cost(report: RunReport) -> str:
    totals = report.totals
    known = f"{cost_of(totals)} US dollars" if totals.cost or not totals.unknown else "unknown"
    return f"{known} (?: {plural(totals.unknown, 'call')})" if totals.unknown and totals.cost else known


def _fact(name: str, value: str) -> str:
    return f"<div><dt>{_text(name)}</dt><dd>{_text(value)}</dd></div>"


def _table(report: RunReport) -> Iterator[str]:
    """The same data as a table, for accessibility and copying."""
    calls = report.calls
    yield f"<details><summary>All {plural(len(calls), 'call')} in numbers</summary>"
    yield '<div class="scroll" tabindex="0" role="region" aria-label="All calls in numbers">'
    yield "<table><thead><tr>"
    heads = ("left at", "agent", "model", "waited", "took", "status", "outcome", "tokens in", "out")
    yield "".join(f'<th scope="col">{head}</th>' for head in heads)
    yield "</tr></thead><tbody>"
    for call in calls[:_MOST_ROWS]:
        tokens = call.tokens
        counts = (f"{tokens.input:,}", f"{tokens.output:,}") if tokens else ("", "")
        row = (
            clock(call.time - report.begins),
            call.agent or "-",
            call.model,
            clock(call.waited),
            f"{call.seconds:.1f} s",
            str(call.status or "-"),
            call.outcome,
            *counts,
        )
        yield f"<tr>{''.join(f'<td>{_text(cell)}</td>' for cell in row)}</tr>"
    yield "</tbody></table></div>"
    if len(calls) > _MOST_ROWS:
        yield f"<p>{len(calls) - _MOST_ROWS:,} more are left out here.</p>"
    yield "</details>"


def _text(words: str) -> str:
    return escape(clean(words))
