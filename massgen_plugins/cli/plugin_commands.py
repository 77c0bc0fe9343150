"""Commands of installed plugins."""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import Any

import massgen_plugins
from massgen_plugins.cli.output import say

__all__ = ["plugin_commands"]


def plugin_commands() -> dict[str, Any]:
    """Commands of plugins by name; failing plugins are left out and reported on stderr."""
    # Built-in plugins add no commands: without others, nothing needs to be loaded.
    if not entry_points(group=massgen_plugins.__name__):
        return {}
    import typer

    from massgen_plugins.errors import described
    from massgen_plugins.manager import build_manager

    app = typer.Typer(rich_markup_mode=None)
    try:
        build_manager(lambda sentence: say(f"massgen-rl: {sentence}")).cli_commands(app)
        return dict(typer.main.get_group(app).commands)
    except Exception as error:  # built-in commands must work regardless
        say(f"massgen-rl: a plugin failed to add its commands; they are ignored: {described(error)}.")
        return {}
