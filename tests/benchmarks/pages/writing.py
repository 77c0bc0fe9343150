"""Pages have places for figures: ``{/* figures: NAME */}`` until ``{/* end of figures */}``."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.benchmarks.pages import fleet, measured

__all__ = ["PAGES", "RESULTS", "written"]

ROOT = Path(__file__).parents[3]
RESULTS = ROOT / "tests" / "benchmarks" / "results"
PAGES = tuple(ROOT / "website" / "docs" / "limits" / f"{name}.mdx" for name in ("measured", "fleet"))

_PLACE = re.compile(r"(\{/\* figures: ([\w-]+) \*/\}\n).*?(\n\{/\* end of figures \*/\})", re.DOTALL)


def written(text: str) -> str:
    """A page with the figures of the results."""
    blocks = _blocks()
    return _PLACE.sub(lambda found: found[1] + "\n" + blocks[found[2]]() + "\n" + found[3], text)


def _blocks() -> dict[str, Callable[[], str]]:
    results, fleets = _read("benchmarks.json"), _read("fleet.json")
    return {
        "peers": lambda: measured.peers(results),
        "costs": lambda: measured.costs(results),
        "shared": lambda: measured.shared(results),
        "goals": lambda: measured.goals(results),
        "misses": lambda: measured.misses(results),
        "about": lambda: measured.about(results),
        "fleet-growing": lambda: fleet.growing(fleets),
        "fleet-limits": lambda: fleet.limits(fleets),
        "fleet-beyond": lambda: fleet.beyond(fleets),
        "fleet-about": lambda: measured.about(fleets),
    }


def _read(name: str) -> dict[str, Any]:
    results: dict[str, Any] = json.loads((RESULTS / name).read_text(encoding="utf-8"))
    return results
