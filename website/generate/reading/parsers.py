"""The command line of MassGen: the parsers themselves, of the main command and of every sub-command."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from unittest.mock import patch

from website.generate.reading.host import massgen_module

__all__ = ["Command", "Option", "read_commands"]

_SUB_COMMANDS = ("logs", "viewer", "serve", "export", "shares")


class _Caught(Exception):
    def __init__(self, parser: argparse.ArgumentParser) -> None:
        super().__init__()
        self.parser = parser


@dataclass(frozen=True, slots=True)
class Option:
    """One option or argument.

    Attributes:
        names: Every spelling, the long one last; the argument's name if it has none.
        positional: Whether it is given by its place.
        value: What it takes: ``text``, ``whole number``, ``number``; empty if it takes nothing.
        default: What holds without it, as text; empty if nothing does.
        choices: The values that are allowed; empty if any is.
        help: MassGen's own sentence.
        excludes: Long names of those that cannot be given beside it.
    """

    names: tuple[str, ...]
    positional: bool
    value: str
    default: str
    choices: tuple[str, ...]
    help: str
    excludes: tuple[str, ...]

    @property
    def name(self) -> str:
        """The long spelling."""
        return self.names[-1]


@dataclass(frozen=True, slots=True)
class Command:
    """A command with its options, such as ``massgen logs list``.

    Attributes:
        name: As it is typed.
        summary: What it does, in MassGen's words.
        options: In the order of its help.
    """

    name: str
    summary: str
    options: tuple[Option, ...]


@cache
def read_commands() -> list[Command]:
    """The main command first, then every sub-command."""
    entry = massgen_module("cli.entrypoint")
    commands = [_command("massgen", entry.main_parser())]
    for name in _SUB_COMMANDS:
        commands.extend(_commands(f"massgen {name}", _parser_of(name)))
    return commands


def _parser_of(name: str) -> argparse.ArgumentParser:
    """MassGen makes these parsers inside of its main function: let it, and stop it when it parses."""

    def catch(parser: argparse.ArgumentParser, *_: object, **__: object) -> None:
        raise _Caught(parser)

    with (
        patch.object(sys, "argv", ["massgen", name]),
        patch.object(argparse.ArgumentParser, "parse_args", catch),
    ):
        try:
            massgen_module("cli.entrypoint").cli_main()
        except _Caught as caught:
            return caught.parser
    raise LookupError(f"massgen {name} parses nothing")


def _commands(name: str, parser: argparse.ArgumentParser) -> Iterator[Command]:
    nested = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    if not nested:
        yield _command(name, parser)
        return
    for action in nested:
        summaries = {choice.dest: choice.help or "" for choice in action._choices_actions}
        for sub_name, sub_parser in action.choices.items():
            yield _command(f"{name} {sub_name}", sub_parser, summaries.get(sub_name, ""))


def _command(name: str, parser: argparse.ArgumentParser, summary: str = "") -> Command:
    groups = [
        [each.option_strings[-1] for each in group._group_actions]
        for group in parser._mutually_exclusive_groups
    ]
    options = tuple(_option(action, groups) for action in parser._actions)
    return Command(name, summary or parser.description or "", options)


def _option(action: argparse.Action, groups: list[list[str]]) -> Option:
    names = tuple(sorted(action.option_strings, key=len)) or (action.dest,)
    excludes = tuple(other for group in groups if names[-1] in group for other in group if other not in names)
    return Option(
        names=names,
        positional=not action.option_strings,
        value=_value(action),
        default=_default(action),
        choices=tuple(str(choice) for choice in action.choices or ()),
        help=" ".join((action.help or "").replace("%%", "%").split()),
        excludes=excludes,
    )


def _default(action: argparse.Action) -> str:
    if action.nargs == 0 or action.default in (None, False, argparse.SUPPRESS):
        return ""
    return str(action.default)


def _value(action: argparse.Action) -> str:
    if action.nargs == 0:
        return ""
    kind = getattr(action, "type", None)
    word = {int: "whole number", float: "number"}.get(kind or str, "text")
    if action.nargs == "?" and action.option_strings:
        return f"{word}, may be left out"
    return f"{word}, may be repeated" if isinstance(action, argparse._AppendAction) else word
