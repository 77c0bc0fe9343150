"""Estimates the minimum, usual and maximum calls of a run, and their duration under the limits."""

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
"""Number of recent runs that determine what is usual."""

_PER_AGENT = 3
"""Default calls per agent: an answer, another one after the others have answered, a vote."""

_UNKNOWN_CALL = CallShape(
    2.0, 8.0, {Kind.INPUT_TOKENS: 6_000, Kind.OUTPUT_TOKENS: 500, Kind.TOTAL_TOKENS: 6_500}
)
"""Assumed shape of a call to a new model: MassGen's own instructions take 4,300 tokens."""

_FIRST_BYTE = 0.5
"""Fraction of a call's duration until its headers arrive."""


@dataclass(frozen=True, slots=True)
class Past:
    """Statistics from the record of calls.

    Attributes:
        runs: Number of the team's recent runs that were evaluated.
        calls: Median number of calls per run; None if there are no runs.
        shapes: Typical shape of a call by model.
        cost: Micro-dollars per call by model; absent if the price is unknown.
    """

    runs: int = 0
    calls: int | None = None
    shapes: Mapping[str, CallShape] = field(default_factory=dict)
    cost: Mapping[str, Decimal] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Estimate:
    """A scenario of a run.

    Attributes:
        name: ``least``, ``usual`` or ``most``.
        calls: Number of calls; ``result`` has fewer if one was turned away.
        result: Result of the simulation.
        cost: Micro-dollars; None if the price of a model is unknown.
        source: Origin of the number of calls, in words.
    """

    name: str
    calls: int
    result: Simulated
    cost: Decimal | None
    source: str


def past_of(record: Record | None, file: str) -> Past:
    """Query the record for a team's runs and typical calls of each model.

    Args:
        record: The record; None if there is none.
        file: Absolute path of the team's file.
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
    """Minimum, usual and maximum number of calls, each with its origin; the last one only if bounded."""
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
    """Simulate each scenario."""
    return [
        Estimate(name, calls, play(team, past, calls), _cost(team, past, calls), source)
        for name, calls, source in calls_of(team, past)
    ]


def play(team: Team, past: Past, calls: int, agents: Sequence[PlannedAgent] | None = None) -> Simulated:
    """Simulate a number of calls by the team, or some of its agents."""
    agents = team.agents if agents is None else agents
    final = agents[:1] if len(agents) > 1 else ()
    return simulate(calls_shared(calls - len(final), agents), final, shapes_of(team, past), team.rules)


def shapes_of(team: Team, past: Past) -> dict[str, CallShape]:
    """Shape of a call for each of the team's models."""
    return {each.model: past.shapes.get(each.model, _UNKNOWN_CALL) for each in team.agents}


def calls_shared(calls: int, agents: Sequence[PlannedAgent]) -> dict[PlannedAgent, int]:
    """Distribute calls evenly among agents."""
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
