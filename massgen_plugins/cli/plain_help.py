"""Readable help texts: no Python types, no braces, examples on separate lines."""

from __future__ import annotations

import re
from typing import Any

from typer.core import TyperCommand, TyperGroup

__all__ = ["PlainCommand", "PlainGroup", "usage"]

_TYPE = re.compile(r" <[^<>]*>$")
_BRACES = re.compile(r"\{([^{}]*)\}")
_BRACKETS = re.compile(r"\[\[([^\[\]]*)\]\]")
_TWICE = re.compile(r"(\.\.\.\]?)\.\.\.$")


def usage(line: str) -> str:
    """A usage line without braces around required arguments, or double brackets around optional ones."""
    return _TWICE.sub(r"\1", _BRACKETS.sub(r"[\1]", _BRACES.sub(r"\1", line)))


class PlainCommand(TyperCommand):
    """A command."""

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """The words of the usage line."""
        return [usage(piece) for piece in super().collect_usage_pieces(ctx)]

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write arguments and options as two lists."""
        _format(self, ctx, formatter)


class PlainGroup(TyperGroup):
    """A command with subcommands."""

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """The words of the usage line."""
        return [usage(piece) for piece in super().collect_usage_pieces(ctx)]

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write options, then commands."""
        _format(self, ctx, formatter)
        self.format_commands(ctx, formatter)


def _format(command: Any, ctx: Any, formatter: Any) -> None:
    rows: dict[str, list[tuple[str, str]]] = {"Arguments": [], "Options": []}
    for parameter in command.get_params(ctx):
        record = parameter.get_help_record(ctx)
        if record is not None:
            name, text = record
            argument = parameter.param_type_name == "argument"
            heading = "Arguments" if argument else "Options"
            rows[heading].append(
                (usage(_TYPE.sub("", name)).strip("[]") if argument else name, _without(text))
            )
    for heading, each in rows.items():
        if each:
            with formatter.section(heading):
                formatter.write_dl(each)


def _without(text: str) -> str:
    """Remove the marker of required arguments, which the usage line already shows."""
    return text.removesuffix("  [required]")
