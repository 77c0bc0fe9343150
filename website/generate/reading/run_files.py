"""What a run leaves behind: fields of ``status.json``, exit codes, names of files."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from website.generate.reading.host import massgen_module

__all__ = ["AGENT", "exit_codes", "status_fields"]

AGENT = "AGENT"
"""Stands for an agent's name in paths of fields."""

_LEAVES = frozenset({"meta.orchestrator_paths", "tools.by_tool", "rounds.by_outcome", "results.votes"})
"""Fields whose own keys depend on the run, or are named where the field is explained."""


def status_fields() -> list[str]:
    """Paths of all fields of ``status.json``, as MassGen itself writes it for a run that has just begun."""
    tracker = massgen_module("coordination_tracker").CoordinationTracker()
    tracker.initialize_session([AGENT], "question")
    with tempfile.TemporaryDirectory() as folder:
        tracker.save_status_file(Path(folder))
        content: Mapping[str, Any] = json.loads((Path(folder) / "status.json").read_text("utf-8"))
    return list(_paths(content, ""))


def exit_codes() -> dict[str, int]:
    """Name of the constant to the code."""
    constants = vars(massgen_module("cli._constants"))
    found = {name: value for name, value in constants.items() if name.startswith("EXIT_")}
    return dict(sorted(found.items(), key=lambda item: item[1]))


def _paths(content: Mapping[str, Any], prefix: str) -> Iterator[str]:
    for name, value in content.items():
        path = f"{prefix}{name}"
        if isinstance(value, Mapping) and value and path not in _LEAVES:
            yield from _paths(value, f"{path}.")
        else:
            yield path
