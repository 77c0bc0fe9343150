"""Implements `limits`, without dependencies on the command-line parser."""

from __future__ import annotations

import sys
from pathlib import Path

__all__ = ["answer"]


def answer(
    model: str | None = None, *, origin: bool = False, team: Path | str | None = None, as_json: bool = False
) -> int:
    """Show the limits in force; returns the exit code.

    Args:
        model: Only this model.
        origin: Show file and line of each value, and overridden values.
        team: A team's YAML, whose settings take precedence.
        as_json: Print a JSON document.
    """
    from massgen_plugins.cli.limits_found import find
    from massgen_plugins.cli.limits_view import as_document, lines
    from massgen_plugins.cli.output import emit_json
    from massgen_plugins.cli.screen import screen_of

    found = find(model, Path(team) if team else None)
    if as_json:
        emit_json(as_document(found))
    else:
        screen = screen_of()
        sys.stdout.write(screen.text(lines(found, screen.width, origin=origin)))
    return 0
