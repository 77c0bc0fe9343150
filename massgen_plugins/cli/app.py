"""Puts the command line together. Nothing that a command needs is imported before it runs."""

from __future__ import annotations

from typing import Annotated

import typer

import massgen_plugins
from massgen_plugins.cli import (
    budget,
    cost,
    demo,
    doctor,
    forget,
    limits,
    metrics,
    penalty,
    profiles,
    run,
    status,
    steering,
    views,
)
from massgen_plugins.cli.exits import EXPLAINED
from massgen_plugins.cli.group import RootGroup
from massgen_plugins.cli.output import tell

__all__ = ["build_app"]


def build_app() -> typer.Typer:
    """The application with our own commands; those of plugins come when they are looked for."""
    app = typer.Typer(
        cls=RootGroup,
        help="Keep MassGen's agents inside their providers' quotas.",
        epilog=EXPLAINED,
        no_args_is_help=True,
        # Plain help appears in a third of the time, and nobody's variables in a traceback.
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    )
    app.callback()(_root)
    app.add_typer(profiles.app, name="profiles")
    app.add_typer(penalty.app, name="penalty")
    app.add_typer(cost.app, name="cost")
    app.add_typer(budget.app, name="budget")
    for module in (status, views, limits, steering, forget, doctor, metrics, run, demo):
        module.register(app)
    return app


def _show_version(wanted: bool) -> None:
    if wanted:
        tell(f"massgen-plugins {massgen_plugins.__version__}")
        raise typer.Exit


def _root(
    version: Annotated[
        bool,
        typer.Option("--version", help="Show the version and exit.", callback=_show_version, is_eager=True),
    ] = False,
) -> None:
    """Options that stand before a command."""
