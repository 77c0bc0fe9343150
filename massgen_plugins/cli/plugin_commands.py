"""Commands that installed plugins add."""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import Any

import massgen_plugins
from massgen_plugins.cli.output import say

__all__ = ["plugin_commands"]


def plugin_commands() -> dict[str, Any]:
    """Plugins' commands by name; a plugin that fails is left out and reported on stderr."""
    # Our own plugins add no command: without others nothing needs to be loaded at all.
    if not entry_points(group=massgen_plugins.__name__):
        return {}
    import typer

    from massgen_plugins.errors import described
    from massgen_plugins.manager import build_manager

    app = typer.Typer(rich_markup_mode=None)
    try:
        build_manager(lambda sentence: say(f"massgen-rl: {sentence}")).cli_commands(app)
        return dict(typer.main.get_group(app).commands)
    except Exception as error:  # ours must work whatever theirs do
        say(f"massgen-rl: a plugin failed to add its commands; they are left out: {described(error)}.")
        return {}
