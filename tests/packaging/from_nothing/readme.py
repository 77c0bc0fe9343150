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


def last_rows() -> list[dict[str, Any]]:
    """What the last runs of ``make test-install`` wrote down: three rows for each tool."""
    rows: list[dict[str, Any]] = json.loads(RESULT.read_text("utf-8")) if RESULT.exists() else []
    return rows


def keep(rows: list[dict[str, Any]]) -> None:
    """Put the rows of one tool in the place of those of another version of it, and show all in the README."""
    tool = rows[0]["tool"]
    kept = [row for row in last_rows() if _same(row["tool"]) != _same(tool)]
    whole = sorted(kept + rows, key=lambda row: row["tool"])
    RESULT.write_text(json.dumps(whole, indent=2) + "\n", "utf-8")
    text = README.read_text("utf-8")
    README.write_text(_TABLE.sub(lambda _: table(whole), text), "utf-8")


def table(rows: list[dict[str, Any]]) -> str:
    """The rows as the README shows them."""
    tools = list(dict.fromkeys(row["tool"] for row in rows))
    lines = list(dict.fromkeys(row["line"] for row in rows))
    cells = {(row["line"], row["tool"]): _cell(row) for row in rows}
    shown = [["", *tools], ["---"] * (len(tools) + 1)]
    shown += [[_MEANT.get(line, f"`{line}`"), *(cells[line, tool] for tool in tools)] for line in lines]
    body = "".join(f"| {' | '.join(row)} |\n" for row in shown)
    dates = ", ".join(sorted({row["date"] for row in rows}))
    machines = "; ".join(sorted({row["machine"] for row in rows}))
    return f"\n`make test-install` on {dates} ({machines}), with nothing in any cache:\n\n{body}\n"


def shown_table() -> str:
    """What the README shows now."""
    found = _TABLE.search(README.read_text("utf-8"))
    return found[0] if found else ""


def _same(tool: str) -> str:
    """What a newer version replaces: ``pip 23.2.1``, which Python 3.11 brings, stays beside the newest."""
    return tool if tool == "pip 23.2.1" else tool.partition(" ")[0]


def _section() -> str:
    return README.read_text("utf-8").partition("## Installing\n")[2].partition("\n## ")[0]


def _cell(row: Mapping[str, Any]) -> str:
    took = "" if row["seconds"] is None else f"{round(row['seconds'])} s, "
    brought = f"{row['packages']} packages, " if row["packages"] and row["packages"] > 1 else ""
    return f"{took}{brought}{row['result']}"
