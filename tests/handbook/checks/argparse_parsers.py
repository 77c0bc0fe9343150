"""MassGen's own command line parsers, the hand-made ones of its sub-commands among them."""

from __future__ import annotations

import argparse
import contextlib
import functools
import io
import sys
from collections.abc import Sequence
from unittest import mock

from . import host

SUBCOMMANDS = ("viewer", "logs", "serve", "export", "shares")
"""Words that ``cli_main`` looks for before it builds its main parser."""


class _CaughtError(Exception):
    pass


@functools.cache
def main_parser() -> argparse.ArgumentParser:
    """The parser of ``massgen`` without a sub-command."""
    parser: argparse.ArgumentParser = host.module("massgen.cli.entrypoint").main_parser()
    return parser


@functools.cache
def sub_parser(name: str) -> argparse.ArgumentParser:
    """The parser of a sub-command: ``cli_main`` is run up to the point where it parses."""
    caught: list[argparse.ArgumentParser] = []

    def catch(parser: argparse.ArgumentParser, *_args: object, **_kwargs: object) -> None:
        caught.append(parser)
        raise _CaughtError

    cli_main = host.module("massgen.cli.entrypoint").cli_main
    with (
        mock.patch.object(argparse.ArgumentParser, "parse_args", catch),
        mock.patch.object(sys, "argv", ["massgen", name]),
        contextlib.suppress(_CaughtError),
    ):
        cli_main()
    return caught[0]


def parse(parser: argparse.ArgumentParser, words: Sequence[str]) -> tuple[argparse.Namespace | None, str]:
    """What a parser makes of words: the result, or none and what it complains of; neither for ``--help``."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            return parser.parse_args(list(words)), ""
        except SystemExit as leaving:
            said = err.getvalue().strip().rpartition("error: ")[2]
            return None, said if leaving.code else ""


def options_of(parser: argparse.ArgumentParser) -> set[str]:
    """Every option of a parser and of the parsers below it."""
    found = set(parser._option_string_actions)
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            found |= set().union(*map(options_of, action.choices.values()))
    return found
