"""Results as JSON: the figures of each measure, with the machine, the versions, and the time."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from tests.benchmarks.figures import Figure

__all__ = ["hurried", "read", "write"]


def write(
    path: Path, machine: dict[str, Any], measure: str, figures: Sequence[Figure], *, quick: bool
) -> None:
    """Put the figures of a measure into a file; those of other measures stay as they are."""
    kept = json.loads(path.read_text(encoding="utf-8"))["measures"] if path.exists() else {}
    kept[measure] = {
        "date": machine["date"],
        "load": machine["load"],
        "quick": quick,
        "figures": [asdict(each) | {"passed": each.passed} for each in figures],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"machine": machine, "measures": kept}, indent=1) + "\n", encoding="utf-8")


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


def hurried(path: Path) -> list[str]:
    """The measures that were measured quickly, or on a busy machine."""
    stored = json.loads(path.read_text(encoding="utf-8"))
    cores = stored["machine"]["cores"]
    return [name for name, each in stored["measures"].items() if each["quick"] or each["load"][0] > cores]
