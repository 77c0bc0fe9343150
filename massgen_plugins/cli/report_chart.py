"""The charts of a report. Text is HTML, so that it does not scale with the drawing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from typing import TYPE_CHECKING

from massgen_plugins.cli.output import clean
from massgen_plugins.cli.report_data import AgentCalls, LimitUse, RunReport
from massgen_plugins.cli.wording import amount, clock, counted, plural

if TYPE_CHECKING:
    from massgen_plugins.calls.rows import CallRow

__all__ = ["agent_row", "axis", "legend", "limit_chart"]

_NICE = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 43_200, 86_400)
_MOST_TICKS = 6
_CLASSES = {"answered": "answered", "refused": "refused", "failed": "failed", "turned away": "away"}
_MARKS = {"refused": "✕", "failed": "!", "turned away": "▼"}
_HEIGHT = 100


def legend() -> str:
    """The legend of the chart."""
    rows = (
        ("wait", "", "waits for its quota"),
        ("answered", "", "answered"),
        ("refused", "✕", "refused by the provider"),
        ("failed", "!", "no usable answer"),
        ("away", "▼", "turned away by the limiter"),
    )
    items = (f'<li><span class="bar {name}">{mark}</span>{words}</li>' for name, mark, words in rows)
    return f'<ul class="legend">{"".join(items)}</ul>'


def agent_row(shown: AgentCalls, report: RunReport) -> str:
    """An agent's calls on the timeline."""
    name = shown.name or "outside of any agent's turn"
    words = f"{plural(len(shown.calls), 'call')}, waited {clock(shown.waited)}"
    rows, count = _rows(shown.calls)
    bars = "".join(
        bar for row, call in zip(rows, shown.calls, strict=True) for bar in _bars(call, row, report)
    )
    label = escape(clean(f"{name}: {words}"), quote=True)
    return (
        f'<div class="row"><h3>{escape(clean(name))} <small>{words}</small></h3>'
        f'<div class="track" style="--rows:{count}" role="img" aria-label="{label}">{bars}</div></div>'
    )


def _rows(calls: Sequence[CallRow]) -> tuple[list[int], int]:
    """Assign calls to rows so that none overlap; returns the rows and their number."""
    rows: dict[int, int] = {}
    ends: list[float] = []
    for call in sorted(calls, key=lambda each: each.time - each.waited):
        begins = call.time - call.waited
        free = next((row for row, end in enumerate(ends) if end <= begins), len(ends))
        ends[free : free + 1] = [call.time + call.seconds]
        rows[call.id] = free
    return [rows[call.id] for call in calls], max(1, len(ends))


def _bars(call: CallRow, row: int, report: RunReport) -> Iterator[str]:
    title = f"{call.model}, left at {clock(call.time - report.begins)}"
    if call.waited >= 0.05:
        words = f"{title}: waited {clock(call.waited)}"
        yield _bar("wait", _place(call.time - call.waited, call.waited, row, report), words)
    status = f", status {call.status}" if call.status else ""
    words = f"{title}: {call.outcome}{status}, took {call.seconds:.1f} s"
    kind = _CLASSES.get(call.outcome, "failed")
    yield _bar(kind, _place(call.time, call.seconds, row, report), words, _MARKS.get(call.outcome, ""))


def _bar(kind: str, place: str, words: str, mark: str = "") -> str:
    title = escape(clean(words), quote=True)
    return f'<span class="bar {kind}" style="{place}" title="{title}">{mark}</span>'


def _place(begins: float, seconds: float, row: int, report: RunReport) -> str:
    place = f"left:{_share(begins, report):.3f}%;width:{seconds / _span(report) * 100:.3f}%"
    return f"{place};--row:{row}" if row else place


def axis(report: RunReport) -> str:
    """The time axis, starting at the run's first call."""
    span = _span(report)
    step = next((each for each in _NICE if span / each <= _MOST_TICKS), _NICE[-1])
    count = min(_MOST_TICKS, int(span // step))
    ticks = "".join(
        f'<span style="left:{number * step / span * 100:.3f}%">{clock(number * step)}</span>'
        for number in range(count + 1)
        if number * step / span < 0.97
    )
    return f'<div class="axis" aria-hidden="true">{ticks}</div>'


def limit_chart(use: LimitUse, report: RunReport) -> str:
    """The run's use of a limit over time."""
    cap = use.limit.amount
    top = max(cap, use.most, 1) * 1.1
    line = _HEIGHT * (1 - cap / top)
    title = f"{use.pool.name}: {counted(use.limit)}"
    words = f"at most {amount(use.limit, use.most)} of {amount(use.limit, cap)}"
    drawing = (
        f'<svg viewBox="0 0 1000 {_HEIGHT}" preserveAspectRatio="none" role="img" '
        f'aria-label="{escape(clean(f"{title}, {words}"), quote=True)}">'
        f'<path class="use" d="{_area(use, report, top)}"/>'
        f'<line class="cap" x1="0" x2="1000" y1="{line:.2f}" y2="{line:.2f}"/></svg>'
    )
    return f'<div class="row"><h3>{escape(clean(title))} <small>{words}</small></h3>{drawing}</div>'


def _area(use: LimitUse, report: RunReport, top: float) -> str:
    points = ["M0 100"]
    height = float(_HEIGHT)
    for moment, used in use.steps:
        x = min(1000.0, max(0.0, _share(moment, report) * 10))
        points.append(f"L{x:.2f} {height:.2f}")
        height = _HEIGHT * (1 - used / top)
        points.append(f"L{x:.2f} {height:.2f}")
    return " ".join([*points, f"L1000 {height:.2f}", "L1000 100 Z"])


def _span(report: RunReport) -> float:
    return report.ends - report.begins


def _share(moment: float, report: RunReport) -> float:
    return (moment - report.begins) / _span(report) * 100
