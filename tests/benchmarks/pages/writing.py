"""Pages have places for figures: ``{/* figures: NAME */}`` until ``{/* end of figures */}``."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

from tests.benchmarks import results
from tests.benchmarks.fleet import plots
from tests.benchmarks.pages import fleet, measured
from tests.benchmarks.plots import utilisation

__all__ = ["IMAGES", "PAGES", "RESULTS", "drawn", "written"]

ROOT = Path(__file__).parents[3]
RESULTS = ROOT / "tests" / "benchmarks" / "results"
IMAGES = ROOT / "website" / "static" / "img"
PAGES = tuple(ROOT / "website" / "docs" / "limits" / f"{name}.mdx" for name in ("measured", "fleet"))

_PLACE = re.compile(r"(\{/\* figures: ([\w-]+) \*/\}\n).*?(\{/\* end of figures \*/\})", re.DOTALL)


def written(text: str) -> str:
    """A page with the figures of the results."""
    blocks = _blocks()
    return _PLACE.sub(lambda found: f"{found[1]}\n{blocks[found[2]]}\n\n{found[3]}", text)


def drawn() -> Mapping[str, str]:
    """File name -> picture."""
    _, figures = results.read(RESULTS / "full.json")
    names = {each.subject for each in figures}
    _, newer = results.read(RESULTS / "python-3.12.json")
    more = [each for each in newer if each.subject not in names]
    fleets = json.loads((RESULTS / "fleet.json").read_text(encoding="utf-8"))["fleets"]
    return {"limiters-utilisation.svg": utilisation.draw([*figures, *more]), **plots.drawn(fleets)}


def _blocks() -> Mapping[str, str]:
    machine, figures = results.read(RESULTS / "full.json")
    _, newer = results.read(RESULTS / "python-3.12.json")
    book = measured.Book(figures, newer)
    fleets = json.loads((RESULTS / "fleet.json").read_text(encoding="utf-8"))
    return {
        "peers": measured.peers(book),
        "costs": measured.costs(book),
        "shared": measured.shared(book),
        "goals": measured.goals(book),
        "misses": measured.misses(book),
        "about": measured.about(machine, results.hurried(RESULTS / "full.json")),
        "fleet-growing": fleet.growing(fleets),
        "fleet-limits": fleet.limits(fleets),
        "fleet-edge": fleet.edge(fleets),
        "fleet-about": measured.about(fleets["machine"]),
    }
