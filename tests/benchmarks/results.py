"""Results as JSON: the figures of each measure, with the machine, the versions, and the time."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from tests.benchmarks.figures import Figure

__all__ = ["read", "write"]


def write(path: Path, machine: dict[str, Any], measured: Mapping[str, Sequence[Figure]]) -> None:
    """Put these figures into a file; those of other measures stay as they are."""
    kept = json.loads(path.read_text(encoding="utf-8"))["measures"] if path.exists() else {}
    new = {
        name: {
            "date": machine["date"],
            "load": machine["load"],
            "figures": [asdict(each) | {"passed": each.passed} for each in figures],
        }
        for name, figures in measured.items()
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"machine": machine, "measures": kept | new}, indent=1)
    path.write_text(text + "\n", encoding="utf-8")


def read(path: Path) -> tuple[dict[str, Any], list[Figure]]:
    """The machine, and all figures in the order in which they were measured."""
    stored = json.loads(path.read_text(encoding="utf-8"))
    names = [each.name for each in fields(Figure)]
    figures = [
        Figure(**{name: figure[name] for name in names})
        for measure in stored["measures"].values()
        for figure in measure["figures"]
    ]
    return stored["machine"], figures
