"""What `limits` does; nothing that parses command lines is needed for it."""

from __future__ import annotations

import sys
from pathlib import Path

__all__ = ["answer"]


def answer(
    model: str | None = None, *, origin: bool = False, team: Path | str | None = None, as_json: bool = False
) -> int:
    """Show the limits that hold; the exit code.

    Args:
        model: Only this one.
        origin: Show file and line of each value, and what it hides.
        team: A team's YAML, whose settings are the strongest.
        as_json: One document for programs.
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
