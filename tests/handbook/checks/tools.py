"""Programs that other people wrote, run on the handbook; what they say is shown when they find something."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from .places import ROOT, SCRIPTS, WEBSITE

NODE_TOOLS = WEBSITE / "checks/node_modules/.bin"
SITE_TOOLS = WEBSITE / "node_modules/.bin"
_SETUP = "run `make docs` once: it installs what the handbook's checks need"


class ToolError(AssertionError):
    """A program found something, or is not there."""


def find_tool(name: str) -> str:
    """A program of the site's, of the checks', of this environment's, or on PATH.

    Raises:
        ToolError: It is nowhere.
    """
    for folder in (SITE_TOOLS, NODE_TOOLS, SCRIPTS):
        if (folder / name).is_file():
            return str(folder / name)
    if found := shutil.which(name):
        return found
    raise ToolError(f"{name} is not installed; {_SETUP}.")


def run(
    name: str, arguments: Sequence[str], *, cwd: Path = ROOT, limit: float = 600, **environment: str
) -> str:
    """What a program prints when it finds nothing.

    Raises:
        ToolError: It ended with another code than 0; the message is all that it printed.
    """
    done = subprocess.run(
        [find_tool(name), *arguments],
        cwd=cwd,
        env={**os.environ, "NO_COLOR": "1", "CI": "true", **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        timeout=limit,
        check=False,
    )
    if done.returncode:
        raise ToolError(f"{name} {' '.join(arguments)} ended with {done.returncode}:\n{done.stdout.strip()}")
    return done.stdout
