"""``massgen-rl run``: runs MassGen with this package attached, where Python does not read ``.pth`` files."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Annotated, Any

import typer

from massgen_plugins.cli.exits import NO_HOST
from massgen_plugins.cli.output import say
from massgen_plugins.errors import HostMismatch

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    ours_first = {"allow_interspersed_args": False, "ignore_unknown_options": True}
    app.command(context_settings=ours_first)(run)


def run(
    arguments: Annotated[
        list[str] | None,
        typer.Argument(metavar="ARGS", help="MassGen's own arguments, after --.", show_default=False),
    ] = None,
    rate_limit: Annotated[
        bool | None,
        typer.Option(
            "--rate-limit/--no-rate-limit",
            help="Limit all agents, or none, whatever the configuration says.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Run MassGen with this package attached explicitly.

    For environments in which the automatic start is blocked or switched off.
    Ends with MassGen's exit code; 127 if MassGen is missing or not supported.

    Example: massgen-rl run -- --config team.yaml "Your question"
    """
    from massgen_plugins.cli.installed_host import require_host

    try:
        require_host()
        if rate_limit is not None:
            from massgen_plugins.host.switch import ENVIRONMENT

            os.environ[ENVIRONMENT] = "1" if rate_limit else "0"
        start = _massgen()
    except HostMismatch as error:
        say(f"massgen-rl: {error}")
        raise typer.Exit(NO_HOST) from error
    sys.argv = ["massgen", *(arguments or ())]
    raise SystemExit(start())


def _massgen() -> Callable[[], Any]:
    """MassGen's console command, imported with this package attached."""
    from importlib.metadata import entry_points

    import massgen_plugins
    from massgen_plugins.installation import explain, reinstall

    # The variable only disables the automatic start, whereas `run` is explicit.
    os.environ.pop(massgen_plugins.DISABLE, None)
    massgen_plugins.start()
    commands = entry_points(group="console_scripts", name="massgen")
    if not commands:
        raise HostMismatch(f"This MassGen has no command; run `{reinstall('massgen')}`.")
    try:
        start: Callable[[], Any] = next(iter(commands)).load()
    except Exception as error:  # a conflicting package may raise anything
        found, cure = explain(f"{type(error).__name__}: {error}")
        raise HostMismatch(f"MassGen cannot be imported: {found}; run `{cure}`.") from error
    _require_attached()
    return start


def _require_attached() -> None:
    from massgen_plugins.wrapping import is_wrapped

    module = sys.modules.get("massgen.cli.backends") or sys.modules["massgen.cli"]
    if not is_wrapped(module, "create_agents_from_config"):
        raise HostMismatch(
            "This MassGen is not supported: its agents are made elsewhere; run `massgen-rl doctor`."
        )
