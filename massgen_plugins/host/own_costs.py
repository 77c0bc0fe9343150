"""MassGen's own figure for the cost of a run, from its log directory."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["OwnCosts", "own_costs"]

_LARGEST = 64 * 1024 * 1024
"""Maximum size of a file that is read; MassGen's are some kilobytes."""


@dataclass(frozen=True, slots=True)
class OwnCosts:
    """MassGen's own figure.

    Attributes:
        dollars: The sum over all agents.
        input_tokens: As counted by MassGen; without cached tokens for Anthropic.
        output_tokens: As counted by MassGen; without thoughts for Gemini.
        source: The file that contains it.
    """

    dollars: float
    input_tokens: int
    output_tokens: int
    source: Path


def own_costs(log_dir: Path, runs: int = 1) -> OwnCosts | None:
    """MassGen's figure for a log session; None if its files are missing or have none.

    Args:
        log_dir: The session's directory, with a directory per turn and, inside, per attempt.
        runs: Number of runs in the session. A single run accumulates over its turns, so the last turn has its
            total; with several runs, one per turn, the figures are summed.
    """
    turns = [found for turn in _numbered(log_dir, "turn_") if (found := _of_turn(turn)) is not None]
    if not turns:
        return None
    counted = turns if runs > 1 else turns[-1:]
    return OwnCosts(
        sum(each.dollars for each in counted),
        sum(each.input_tokens for each in counted),
        sum(each.output_tokens for each in counted),
        turns[-1].source,
    )


def _of_turn(turn: Path) -> OwnCosts | None:
    """The figure of the last attempt that has one: MassGen accumulates over attempts."""
    for attempt in reversed(list(_numbered(turn, "attempt_"))):
        for name in ("status.json", "metrics_summary.json"):
            found = _read(attempt / name)
            if found is not None:
                return found
    return None


def _read(path: Path) -> OwnCosts | None:
    try:
        if path.stat().st_size > _LARGEST:
            return None
        document = json.loads(path.read_text(encoding="utf-8"))
        usages = [usage for agent in document["agents"].values() if (usage := agent.get("token_usage"))]
        return OwnCosts(
            _sum(usages, "estimated_cost"),
            int(_sum(usages, "input_tokens")),
            int(_sum(usages, "output_tokens")),
            path,
        )
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return None  # missing, incomplete, or of another version


def _sum(usages: list[Mapping[str, Any]], name: str) -> float:
    return float(sum(usage.get(name) or 0 for usage in usages))


def _numbered(directory: Path, prefix: str) -> Iterator[Path]:
    """Directories such as ``turn_2``, in order of number."""
    try:
        found = [each for each in directory.glob(f"{prefix}*") if each.name.removeprefix(prefix).isdecimal()]
    except OSError:
        return
    yield from sorted(found, key=lambda each: int(each.name.removeprefix(prefix)))
