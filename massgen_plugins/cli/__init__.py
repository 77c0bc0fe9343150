"""The command line, ``massgen-rl``. Every command is a few lines over the modules below."""

from __future__ import annotations

import os
import sys

__all__ = ["main"]


def main() -> None:
    """Entry point of ``massgen-rl``: runs the command in ``sys.argv`` and exits with its code."""
    closed = sys.stdout is None
    _prepare_streams()
    from massgen_plugins.cli.app import build_app

    try:
        try:
            build_app()(prog_name="massgen-rl")
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        _end("")  # whoever reads has had enough
    except OSError as error:
        _end(f"the result cannot be written: {error.strerror}")
    except SystemExit as end:
        if closed and not end.code:
            _end("the result cannot be written: standard output is closed")
        raise


def _prepare_streams() -> None:
    """Streams that are closed, or cannot show a letter, and a width that is no number, are no errors yet."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115 - until the end
        stream = getattr(sys, name)
        # A terminal that cannot show a letter gets its number instead of a traceback.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    for name in ("COLUMNS", "LINES"):
        value = os.environ.get(name, "")
        if value and not (value.isascii() and value.isdecimal()):
            del os.environ[name]


def _end(problem: str) -> None:
    """Say what is wrong, leave nothing to be written at the interpreter's own end, and exit."""
    from massgen_plugins.cli.exits import CHECK_FAILED
    from massgen_plugins.cli.output import say

    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    if problem:
        say(f"massgen-rl: {problem}.")
    sys.exit(CHECK_FAILED)
