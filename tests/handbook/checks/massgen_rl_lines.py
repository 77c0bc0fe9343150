"""``massgen-rl ...`` lines, tried on the plugin's own commands without running them."""

from __future__ import annotations

import contextlib
import functools
import io
from collections.abc import Sequence
from typing import Any

import click
import typer

from massgen_plugins.cli.app import build_app

from . import massgen_lines

_FILES = "does not exist"
"""A reader's own file: it need not be here."""
_FINE = frozenset({"Exit", "NoArgsIsHelpError"})


@functools.cache
def _root() -> Any:
    return typer.main.get_command(build_app())


def complaints(arguments: Sequence[str]) -> list[str]:
    """What is wrong with the arguments of a ``massgen-rl`` command."""
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        try:
            return _parse(_root(), "massgen-rl", list(arguments), None)
        except (click.exceptions.Exit, SystemExit):
            return []
        except Exception as error:
            return _message(error)


def _message(error: Exception) -> list[str]:
    """Typer may bring its own copy of click, whose errors are not of click's classes."""
    said = error.format_message() if hasattr(error, "format_message") else str(error)
    return [] if type(error).__name__ in _FINE or _FILES in said else [said]


def _parse(command: Any, name: str, words: list[str], parent: Any) -> list[str]:
    context = command.make_context(name, list(words), parent=parent)
    if hasattr(command, "resolve_command"):
        rest = (
            [*context._protected_args, *context.args] if hasattr(context, "_protected_args") else context.args
        )
        if not rest:
            return []
        sub_name, sub, sub_words = command.resolve_command(context, rest)
        return _parse(sub, sub_name, sub_words, context)
    if name == "run":
        return massgen_lines.complaints(context.params.get("arguments") or [])
    return []
