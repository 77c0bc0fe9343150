"""The command line, ``massgen-rl``. Every command is a few lines over the modules below."""

from __future__ import annotations

import sys

__all__ = ["main"]


def main() -> None:
    """Entry point of ``massgen-rl``: runs the command in ``sys.argv`` and exits with its code."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show a letter gets its number instead of a traceback.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    from massgen_plugins.cli.app import build_app

    build_app()(prog_name="massgen-rl")
