"""``massgen-rl schema``: prints JSON schemas for editors."""

from __future__ import annotations

from typing import Annotated

import typer

from massgen_plugins.cli.output import emit_json
from massgen_plugins.errors import ConfigurationError

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(schema)


def _names(incomplete: str) -> list[str]:
    from massgen_plugins.profiles.schema import SCHEMAS

    return [name for name in SCHEMAS if name.startswith(incomplete)]


def schema(
    name: Annotated[
        str,
        typer.Argument(
            metavar="[NAME]",
            help="rate_limit: a settings file; team: a MassGen configuration; profile: a file of profiles.",
            autocompletion=_names,
        ),
    ] = "rate_limit",
) -> None:
    """Print the JSON schema of settings or profiles, for an editor to check and complete them.

    Example: massgen-rl schema > rate_limit.schema.json
    """
    from massgen_plugins.profiles.document import shown, suggestion
    from massgen_plugins.profiles.schema import SCHEMAS, json_schema

    if name not in SCHEMAS:
        hint = suggestion(name, SCHEMAS)
        raise ConfigurationError(
            f"schema: there is no such schema: {shown(name)}; {hint}{'' if hint.endswith('?') else '.'}"
        )
    emit_json(json_schema(name))
