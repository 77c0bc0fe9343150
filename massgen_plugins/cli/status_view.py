"""Displays ``status``: a bar for each limit, and a line for anything unusual."""

from __future__ import annotations

from collections.abc import Iterator

from massgen_plugins.cli.looking import Looked
from massgen_plugins.cli.penalties import PenaltiesView, penalties_of
from massgen_plugins.cli.screen import Line, Screen, Span, cells, wrapped
from massgen_plugins.cli.status_plans import plan_lines, plans_of
from massgen_plugins.cli.status_queue import queue_lines
from massgen_plugins.cli.status_rows import limit_lines
from massgen_plugins.cli.status_steering import steering_notes
from massgen_plugins.cli.wording import amount, at, stated
from massgen_plugins.quota import ACCOUNT_POOL, Limit
from massgen_plugins.rate_limit.messages import describe_span
from massgen_plugins.rate_limit.viewing import PoolView

__all__ = ["lines_of", "pool_lines"]

_INDENT = 2


def lines_of(looked: Looked, screen: Screen) -> Iterator[Line]:
    """All pools, then all plans."""
    for number, view in enumerate(looked.pools):
        if number:
            yield ()
        yield from pool_lines(view, looked, screen)
    for number, plan in enumerate(plans_of(looked)):
        if number or looked.pools:
            yield ()
        yield from plan_lines(plan, looked.now, screen)


def pool_lines(view: PoolView, looked: Looked, screen: Screen) -> Iterator[Line]:
    """One pool."""
    yield from _heading(view, screen)
    yield from limit_lines(view, looked.stated.get(view.pool), looked.now, screen)
    yield from queue_lines(view, looked, screen)
    for note, style in (*steering_notes(view, looked), *_notes(view, looked.now)):
        yield from wrapped(note, screen.width, _INDENT, style)


def _heading(view: PoolView, screen: Screen) -> Iterator[Line]:
    whole = "all models of the account, " if view.pool.name == ACCOUNT_POOL else ""
    origin = f"({whole}profile {view.rules.profile or 'none'})"
    if cells(str(view.pool)) + 2 + cells(origin) <= screen.width:
        yield Span(str(view.pool), "bold"), Span(f"  {origin}", "dim")
    else:
        yield from wrapped(str(view.pool), screen.width, 0, "bold")
        yield from wrapped(origin, screen.width, _INDENT, "dim")


def _notes(view: PoolView, now: float) -> Iterator[tuple[str, str]]:
    yield from _imposed(penalties_of(view), now)
    for key, limit in view.penalties.learned.items():
        declared = next((each for each in view.rules.limits if each.key == key), None)
        if note := _learned(limit, declared):
            yield note, "yellow"


def _imposed(penalties: PenaltiesView, now: float) -> Iterator[tuple[str, str]]:
    if penalties.closed:
        yield f"closed for {describe_span(penalties.closed)}: {penalties.advice}".rstrip(": "), "red"
    if penalties.until:
        what = f"used up: {stated(penalties.until_limit)}" if penalties.until_limit else "used up"
        yield f"{what}; the provider takes no calls until {at(now, penalties.until)}", "red"
    if penalties.pause:
        yield f"paused for {describe_span(penalties.pause)}: the provider asked for it", "yellow"
    if penalties.probing:
        yield "careful: one call goes ahead alone, the others follow when it is answered", "yellow"
    if penalties.share < 1:
        yield f"slowed down to {penalties.share:.0%} of each limit, growing back within a minute", "yellow"
    if penalties.quote:
        yield f'the provider says: "{penalties.quote}"', "yellow"


def _learned(said: Limit, declared: Limit | None) -> str:
    """Describe a limit stated by the provider; empty if it equals the declared one."""
    cure = "(`massgen-rl forget` drops it)"
    if declared is None:
        return f"learned: {stated(said)}, which no profile states {cure}"
    if said.amount < declared.amount:
        return f"learned: {stated(said)}, instead of {amount(declared, declared.amount)} {cure}"
    if said.amount > declared.amount:
        kept = amount(declared, declared.amount)
        return f"announced: {stated(said)}; the profile's {kept} hold until you choose another"
    return ""
