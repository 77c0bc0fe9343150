"""The commands of ``massgen-rl``, from the Click objects that Typer makes."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import typer.main

from massgen_plugins.cli.app import build_app

__all__ = ["OurCommand", "Parameter", "our_commands"]


@dataclass(frozen=True, slots=True)
class Parameter:
    """An option or argument.

    Attributes:
        names: Every spelling; the argument's name if it has none.
        value: What it takes; empty for a switch.
        default: What holds without it; empty if nothing does.
        needed: Whether it has to be given.
        help: Its sentence.
    """

    names: tuple[str, ...]
    value: str
    default: str
    needed: bool
    help: str


@dataclass(frozen=True, slots=True)
class OurCommand:
    """A command with its options.

    Attributes:
        name: As it is typed.
        help: What it does.
        parameters: In the order of its help.
    """

    name: str
    help: str
    parameters: tuple[Parameter, ...]


def our_commands() -> list[OurCommand]:
    """All commands of our own, without those of plugins, the root without its options first."""
    root = typer.main.get_command(build_app())
    return list(_commands("massgen-rl", root))


def _commands(name: str, command: Any) -> Iterator[OurCommand]:
    helped = inspect.cleandoc(command.help or "")
    yield OurCommand(name, helped, tuple(_parameter(each) for each in command.params))
    for sub_name, sub_command in getattr(command, "commands", {}).items():
        if not sub_command.hidden:
            yield from _commands(f"{name} {sub_name}", sub_command)


def _parameter(parameter: Any) -> Parameter:
    spelled = (*parameter.opts, *parameter.secondary_opts)
    argument = parameter.param_type_name == "argument"
    switch = getattr(parameter, "is_flag", False)
    default = parameter.default
    return Parameter(
        names=(str(parameter.metavar or parameter.name),) if argument else spelled,
        value="" if switch or argument else str(parameter.metavar or parameter.name.upper()),
        default="" if default in (None, False, ()) or callable(default) else str(default),
        needed=parameter.required,
        help=getattr(parameter, "help", "") or "",
    )
