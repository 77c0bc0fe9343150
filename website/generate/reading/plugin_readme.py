"""The tables of ``plugin_configs/README.md``: where the plugin's keys are described once, and checked."""

from __future__ import annotations

import re

from website.generate.places import REPOSITORY

__all__ = ["section", "table_rows"]


def section(heading: str) -> str:
    """What stands below a heading of any level, up to the next one."""
    lines = (REPOSITORY / "plugin_configs" / "README.md").read_text("utf-8").splitlines()
    start = next(
        number for number, line in enumerate(lines) if re.fullmatch(rf"#+ {re.escape(heading)}", line)
    )
    rest = lines[start + 1 :]
    end = next((number for number, line in enumerate(rest) if line.startswith("#")), len(rest))
    return "\n".join(rest[:end]).strip()


def table_rows(heading: str) -> list[tuple[str, ...]]:
    """The rows of the table below a heading, without its head; a first cell may name several keys."""
    lines = [line for line in section(heading).splitlines() if line.startswith("|")]
    return [tuple(cell.strip() for cell in line.strip("|").split(" | ")) for line in lines[2:]]


def keys_in(cell: str) -> list[str]:
    """The keys that a first cell names."""
    return re.findall(r"`(\w+)`", cell)
