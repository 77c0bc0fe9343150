"""Displays ``plan``, as text and JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from massgen_plugins.cli.money import dollars
from massgen_plugins.cli.screen import Line, Screen, Span, aligned, cells, wrapped
from massgen_plugins.cli.wording import amount, clock, counted, plural

if TYPE_CHECKING:
    from massgen_plugins.cli.plan import Plan
    from massgen_plugins.planning.plan import Estimate

__all__ = ["document", "lines_of"]

_NAMES = {"least": "at least", "usual": "usual", "most": "at most"}
_HEADINGS = ("", "calls", "time", "longest wait", "cost", "from")


def lines_of(plan: Plan, screen: Screen) -> Iterator[Line]:
    """The result first, then the reason, then advice."""
    agents = plural(len(plan.team.agents), "agent")
    models = ", ".join(dict.fromkeys(agent.model for agent in plan.team.agents))
    yield from wrapped(f"{plan.file}: {agents} on {models}", screen.width, 0, "bold")
    yield from _table(plan, screen)
    for words, style in _remarks(plan):
        yield from wrapped(words, screen.width, 0, style)


def _table(plan: Plan, screen: Screen) -> Iterator[Line]:
    rows = [[Span(each, "bold") for each in _HEADINGS]]
    rows += [[Span(cell) for cell in _cells(each)] for each in plan.estimates]
    lines = aligned(rows, right=range(1, 5))
    if max(sum(cells(span.words) for span in line) for line in lines) <= screen.width:
        yield from lines
        return
    for each in plan.estimates:
        name, calls, time, wait, cost, source = _cells(each)
        yield from wrapped(f"{name}: {calls} calls in {time}, {cost}", screen.width, 0)
        yield from wrapped(f"longest wait {wait}; {source}", screen.width, 2, "dim")


def _cells(each: Estimate) -> tuple[str, ...]:
    result = each.result
    cost = "?" if each.cost is None else dollars(each.cost)
    time = f"over {clock(result.seconds)}" if result.refused else clock(result.seconds)
    return _NAMES[each.name], f"{each.calls:,}", time, clock(result.longest_wait), cost, each.source


def _remarks(plan: Plan) -> Iterator[tuple[str, str]]:
    usual = plan.usual.result
    for span in plan.spans:
        what = f"{span.pool}: {amount(span.limit, span.left)} {counted(span.limit)} left"
        if span.runs:
            yield f"{what}: enough for {plural(span.runs, 'such run')}", ""
        else:
            yield (
                f"{what}, and a usual run takes {amount(span.limit, span.needed)}: that is not enough",
                "red",
            )
    if usual.refused:
        yield usual.refused, "red"
    bounds = plan.team.bounds
    if usual.seconds > bounds.timeout:
        cure = "raise orchestrator_timeout_seconds under timeout_settings:"
        yield f"MassGen ends the run after {clock(bounds.timeout)}: {cure}", "red"
    if usual.limits:
        yield f"bottleneck: {usual.limits.most_common(1)[0][0]}", ""
    if plan.sooner:
        changes = " · ".join(f"{each.change} {clock(each.seconds)}" for each in plan.sooner)
        yield f"faster with: {changes}", ""
    if plan.team.unknown:
        yield f"left out, since no plugin reads their calls: {', '.join(plan.team.unknown)}", "yellow"
    unpriced = plan.usual.cost is None
    if not plan.past.shapes or unpriced:
        unknown = "what its calls use" if not plan.past.shapes else "what its calls cost"
        yield f"Not recorded yet: {unknown}; after the first run, its figures are used.", "dim"


def document(plan: Plan) -> dict[str, Any]:
    """The JSON document; durations in seconds, money in US dollars, null if unknown."""
    return {
        "file": plan.file,
        "agents": [agent.name for agent in plan.team.agents],
        "left_out": list(plan.team.unknown),
        "suffices": plan.suffices,
        "estimates": [
            {
                "name": each.name,
                "calls": each.calls,
                "seconds": round(each.result.seconds, 3),
                "longest_wait": round(each.result.longest_wait, 3),
                "waited": round(each.result.waited, 3),
                "cost": None if each.cost is None else float(each.cost) / 1e6,
                "from": each.source,
                "binds": each.result.limits.most_common(1)[0][0] if each.result.limits else None,
                "refused": each.result.refused or None,
            }
            for each in plan.estimates
        ],
        "left": [
            {
                "pool": span.pool,
                "limit": span.limit.key,
                "amount": span.limit.amount,
                "used": span.used,
                "needed": span.needed,
                "runs": span.runs,
            }
            for span in plan.spans
        ],
        "sooner": [{"with": each.change, "seconds": round(each.seconds, 3)} for each in plan.sooner],
    }
