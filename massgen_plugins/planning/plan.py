"""How many calls a run makes at least, usually and at most, and what that takes under the limits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from statistics import median

from massgen_plugins.calls.query import Record
from massgen_plugins.calls.rows import Question, Totals
from massgen_plugins.planning.simulation import CallShape, Simulated, simulate
from massgen_plugins.planning.team import PlannedAgent, Team
from massgen_plugins.quota import Kind

__all__ = ["Estimate", "Past", "calls_of", "calls_shared", "estimates_of", "past_of", "play", "shapes_of"]

_RUNS = 5
"""From so many of the latest runs it is told what is usual."""

_PER_AGENT = 3
"""Calls of each agent when nothing is known: an answer, another one after others have answered, a vote."""

_UNKNOWN_CALL = CallShape(
    2.0, 8.0, {Kind.INPUT_TOKENS: 6_000, Kind.OUTPUT_TOKENS: 500, Kind.TOTAL_TOKENS: 6_500}
)
"""A call of a model that was never called: MassGen's own instructions take 4,300 tokens."""

_FIRST_BYTE = 0.5
"""The share of a call's time after which its headers are here."""


@dataclass(frozen=True, slots=True)
class Past:
    """What the record of calls knows.

    Attributes:
        runs: How many of the team's runs are among the latest that count.
        calls: How many calls they made in the middle; None if none is known.
        shapes: By model, what its calls were like.
        cost: By model, micro-dollars of a call; absent if its price is not known.
    """

    runs: int = 0
    calls: int | None = None
    shapes: Mapping[str, CallShape] = field(default_factory=dict)
    cost: Mapping[str, Decimal] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Estimate:
    """One way in which a run may go.

    Attributes:
        name: ``least``, ``usual`` or ``most``.
        calls: How many calls it makes; ``result`` has fewer if one was turned away.
        result: What the limiter made of it.
        cost: Micro-dollars; None if the price of a model is not known.
        source: Where the number of calls comes from, in words.
    """

    name: str
    calls: int
    result: Simulated
    cost: Decimal | None
    source: str


def past_of(record: Record | None, file: str) -> Past:
    """Ask the record for a team's runs and for what calls of each model were like.

    Args:
        record: None if none is kept.
        file: The team's file, absolute.
    """
    if record is None:
        return Past()
    runs = sorted(record.totals(Question(file=file), by=("run",)), key=lambda each: each.first)[-_RUNS:]
    counts = [each.calls for each in runs if each.key["run"] and each.answered]
    models = {each.key["model"]: each for each in record.totals(by=("model",)) if each.answered}
    return Past(
        len(counts),
        round(median(counts)) if counts else None,
        {model: _shape(each) for model, each in models.items()},
        {model: each.cost / (each.calls - each.unknown) for model, each in models.items() if _priced(each)},
    )


def calls_of(team: Team, past: Past) -> list[tuple[str, int, str]]:
    """The number of calls at least, usually and at most, each with the reason; the last only if bounded."""
    agents = len(team.agents)
    final = 1
    votes = agents if agents > 1 else 0
    least = agents + votes + (final if agents > 1 else 0)
    rows = [("least", least, f"{agents} answers, {votes} votes, {final} final text" if votes else "1 answer")]
    if past.calls:
        runs = "run" if past.runs == 1 else f"{past.runs} runs"
        rows.append(("usual", past.calls, f"your last {runs} of this file"))
    else:
        calls = _PER_AGENT * agents if agents > 1 else 1
        rows.append(("usual", max(calls, least), "an assumption: no run of this file is on record"))
    answers = team.bounds.new_answers
    if answers is not None:
        most = agents * answers + votes + (final if agents > 1 else 0)
        rows.append(("most", max(most, rows[-1][1]), f"max_new_answers_per_agent: {answers}"))
    return rows


def estimates_of(team: Team, past: Past) -> list[Estimate]:
    """What each number of calls takes."""
    return [
        Estimate(name, calls, play(team, past, calls), _cost(team, past, calls), source)
        for name, calls, source in calls_of(team, past)
    ]


def play(team: Team, past: Past, calls: int, agents: Sequence[PlannedAgent] | None = None) -> Simulated:
    """Let the team, or some of its agents, make so many calls."""
    agents = team.agents if agents is None else agents
    final = agents[:1] if len(agents) > 1 else ()
    return simulate(calls_shared(calls - len(final), agents), final, shapes_of(team, past), team.rules)


def shapes_of(team: Team, past: Past) -> dict[str, CallShape]:
    """What a call of each of the team's models is like."""
    return {each.model: past.shapes.get(each.model, _UNKNOWN_CALL) for each in team.agents}


def calls_shared(calls: int, agents: Sequence[PlannedAgent]) -> dict[PlannedAgent, int]:
    """So many calls, as evenly as can be among agents."""
    each, more = divmod(max(calls, 0), len(agents))
    return {agent: each + (place < more) for place, agent in enumerate(agents)}


def _cost(team: Team, past: Past, calls: int) -> Decimal | None:
    if any(agent.model not in past.cost for agent in team.agents):
        return None
    return sum(
        (past.cost[agent.model] * count for agent, count in calls_shared(calls, team.agents).items()),
        Decimal(0),
    )


def _priced(row: Totals) -> bool:
    return row.calls > row.unknown


def _shape(row: Totals) -> CallShape:
    seconds = row.seconds / row.calls
    tokens, counted = row.tokens, max(1, row.answered)
    amounts = {
        Kind.INPUT_TOKENS: tokens.input // counted,
        Kind.OUTPUT_TOKENS: tokens.output // counted,
        Kind.TOTAL_TOKENS: (tokens.input + tokens.output) // counted,
    }
    return CallShape(
        seconds * _FIRST_BYTE, seconds, {kind: value for kind, value in amounts.items() if value}
    )
