"""Assembles the command line. Commands import their dependencies only when they run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import typer

import massgen_plugins
from massgen_plugins.cli import (
    budget,
    cost,
    demo,
    doctor,
    forget,
    init,
    limits,
    metrics,
    penalty,
    profiles,
    run,
    schema,
    status,
    steering,
    views,
)
from massgen_plugins.cli.exits import EXPLAINED
from massgen_plugins.cli.group import RootGroup
from massgen_plugins.cli.output import tell
from massgen_plugins.cli.plain_help import PlainCommand, PlainGroup

__all__ = ["build_app"]


def build_app() -> typer.Typer:
    """The application with the built-in commands; those of plugins are loaded on demand."""
    app = typer.Typer(
        cls=RootGroup,
        help="Keep MassGen's agents within their providers' quotas.",
        epilog=EXPLAINED,
        invoke_without_command=True,
        # Plain help takes a third of the time, and tracebacks must not show local variables.
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    )
    app.callback()(_root)
    app.add_typer(profiles.app, name="profiles")
    app.add_typer(penalty.app, name="penalty")
    app.add_typer(cost.app, name="cost")
    app.add_typer(budget.app, name="budget")
    for module in (init, status, views, limits, steering, forget, doctor, metrics, run, demo, schema):
        module.register(app)
    for name in ("help", "version"):
        app.command(name, hidden=True)(_ALIASES[name])
    _speak_plainly(app)
    return app


def _speak_plainly(app: typer.Typer) -> None:
    for command in app.registered_commands:
        command.cls = PlainCommand
    for group in app.registered_groups:
        if group.typer_instance is not None:
            group.cls = PlainGroup
            _speak_plainly(group.typer_instance)


def _help(
    context: typer.Context,
    names: Annotated[list[str] | None, typer.Argument(metavar="[COMMAND...]", show_default=False)] = None,
) -> None:
    """Show the help of a command, as `--help` behind it does."""
    command, inner = context.find_root().command, context.find_root()
    for name in names or ():
        found = command.get_command(inner, name) if hasattr(command, "get_command") else None
        if found is None:
            raise typer.BadParameter(f"there is no command '{name}'; `massgen-rl --help` lists all.")
        command, inner = found, type(inner)(found, parent=inner, info_name=name)
    tell(command.get_help(inner))


def _version() -> None:
    """Show the version, as `--version` does."""
    tell(f"massgen-plugins {massgen_plugins.__version__}")


_ALIASES: dict[str, Callable[..., None]] = {"help": _help, "version": _version}
"""Commands for common guesses."""


def _show_version(wanted: bool) -> None:
    if wanted:
        tell(f"massgen-plugins {massgen_plugins.__version__}")
        raise typer.Exit


def _root(
    context: typer.Context,
    version: Annotated[  # noqa: ARG001 - its callback has done it
        bool,
        typer.Option(
            "--version", "-V", help="Show the version and exit.", callback=_show_version, is_eager=True
        ),
    ] = False,
) -> None:
    """Options that stand before a command; without one, the help."""
    if context.invoked_subcommand is None:
        tell(context.get_help())
