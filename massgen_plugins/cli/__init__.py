"""The command line, ``massgen-rl``: thin commands over the other packages."""

from __future__ import annotations

import os
import sys

from massgen_plugins.cli.exits import BROKEN_PIPE, CHECK_FAILED

__all__ = ["main"]


def main() -> None:
    """Entry point of ``massgen-rl``: runs the command in ``sys.argv`` and exits with its code."""
    closed = sys.stdout is None
    _prepare_streams()
    stdout = sys.stdout
    try:
        try:
            _run()
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        _end("", BROKEN_PIPE)  # the reader has closed the output
    except OSError as error:
        _end(f"the result cannot be written: {error.strerror}")
    except SystemExit as end:
        if sys.stdout is not stdout:  # typer has handled it first
            _end("", BROKEN_PIPE)
        if closed and not end.code:
            _end("the result cannot be written: standard output is closed")
        raise


def _run() -> None:
    from massgen_plugins.cli.quick import quick

    code = quick(sys.argv[1:])
    if code is not None:
        sys.exit(code)
    from massgen_plugins.cli.app import build_app

    build_app()(prog_name="massgen-rl")


def _prepare_streams() -> None:
    """Tolerate closed streams, characters that they cannot encode, and an invalid width."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115 - until the end
        stream = getattr(sys, name)
        # Escape characters that the terminal cannot encode, instead of failing.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    for name in ("COLUMNS", "LINES"):
        value = os.environ.get(name, "")
        if value and not (value.isascii() and value.isdecimal()):
            del os.environ[name]


def _end(problem: str, code: int = CHECK_FAILED) -> None:
    """Print an error, discard buffered output, and exit."""
    from massgen_plugins.cli.output import say

    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    if problem:
        say(f"massgen-rl: {problem}.")
    sys.exit(code)
