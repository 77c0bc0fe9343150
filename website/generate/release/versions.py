"""The record of versions: one row for each version of MassGen that the pages were generated for."""

from __future__ import annotations

import json
import re
from typing import TypedDict

from website.generate.places import VERSIONS
from website.generate.release.snapshot import snapshot

__all__ = ["Row", "rows", "versions_text"]


class Row(TypedDict):
    """What one version had, counted."""

    version: str
    python: str
    backends: int
    models: int
    options: int
    keys: int
    examples: int


def rows() -> list[Row]:
    """All versions on record and the installed one, the newest first."""
    recorded: list[Row] = json.loads(VERSIONS.read_text("utf-8")) if VERSIONS.exists() else []
    current = _row()
    others = [row for row in recorded if row["version"] != current["version"]]
    return sorted([current, *others], key=lambda row: _numbers(row["version"]), reverse=True)


def versions_text() -> str:
    """The file ``website/generate/versions.json``."""
    return json.dumps(rows(), indent=1) + "\n"


def _row() -> Row:
    taken = snapshot()
    models = {model for backend in taken["backends"].values() for model in backend["models"]}
    options = [name for name in taken["options"] if name.startswith("massgen --")]
    return Row(
        version=taken["version"],
        python=taken["python"],
        backends=len(taken["backends"]),
        models=len(models),
        options=len(options),
        keys=len(taken["keys"]),
        examples=len(taken["examples"]),
    )


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"[0-9]+", version))
