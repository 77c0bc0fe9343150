"""The README's installation lines, and its table of what came of them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).parents[3]
RESULT = Path(__file__).parent / "result.json"
README = REPOSITORY / "README.md"

_TABLE = re.compile(r"(?<=<!-- make test-install writes this -->\n).*?(?=<!-- end -->)", re.DOTALL)
_MEANT = {"cures": "every cure that the package prints, each for the fault it is for"}


def installation_lines() -> tuple[str, str]:
    """The one for an environment with MassGen, and the one for an empty environment."""
    beside, empty = re.findall(r"^\$ (pip install .+?)(?: +#.*)?$", _section(), re.MULTILINE)
    return beside, empty


def last_result() -> dict[str, Any]:
    """What the last run of ``make test-install`` wrote down."""
    result: dict[str, Any] = json.loads(RESULT.read_text("utf-8"))
    return result


def table(result: Mapping[str, Any]) -> str:
    """The result as the README shows it."""
    tools = list(dict.fromkeys(row["tool"] for row in result["rows"]))
    lines = list(dict.fromkeys(row["line"] for row in result["rows"]))
    cells = {(row["line"], row["tool"]): _cell(row) for row in result["rows"]}
    rows = [["", *tools], ["---"] * (len(tools) + 1)]
    rows += [[_MEANT.get(line, f"`{line}`"), *(cells[line, tool] for tool in tools)] for line in lines]
    shown = "".join(f"| {' | '.join(row)} |\n" for row in rows)
    where = f"Python {result['python']}, {result['system']}"
    return f"\n`make test-install` of {result['date']}, {where}, nothing in any cache:\n\n{shown}\n"


def shown_table() -> str:
    """What the README shows now."""
    found = _TABLE.search(README.read_text("utf-8"))
    return found[0] if found else ""


def write_table(result: Mapping[str, Any]) -> None:
    """Show the result in the README."""
    text = README.read_text("utf-8")
    README.write_text(_TABLE.sub(lambda _: table(result), text), "utf-8")


def _section() -> str:
    return README.read_text("utf-8").partition("## Installing\n")[2].partition("\n## ")[0]


def _cell(row: Mapping[str, Any]) -> str:
    took = "" if row["seconds"] is None else f"{round(row['seconds'])} s, "
    brought = f"{row['packages']} packages, " if row["packages"] and row["packages"] > 1 else ""
    return f"{took}{brought}{row['result']}"
