"""Everything for another version: a scratch environment, what changed, and the pages written anew."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
from collections.abc import Mapping, Sequence
from pathlib import Path

from website.generate.places import REPOSITORY, SNAPSHOT
from website.generate.release.changes import changes_text

__all__ = ["update"]


def update(version: str, scratch: Path, *, write: bool) -> str:
    """Regenerate for another version.

    Args:
        version: The version of MassGen.
        scratch: A directory for the environment; one that is there already is used again.
        write: Whether to write the pages, or only to say what would change.

    Returns:
        The changes as Markdown.

    Raises:
        subprocess.CalledProcessError: The version cannot be installed, or a page cannot be made: the output
            of the command says why, such as a note about something that is gone.
    """
    python = _environment(version, scratch)
    old = json.loads(SNAPSHOT.read_text("utf-8"))
    new = json.loads(_run(python, "-W", "ignore", "-m", "website.generate", "snapshot"))
    text = changes_text(old, new)
    if write:
        _run(python, "-W", "ignore", "-m", "website.generate", "write")
    return text


def _environment(version: str, scratch: Path) -> str:
    """The Python of an environment with that MassGen and what this package needs."""
    folder = scratch / f"massgen-{version}"
    python = folder / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    if not (folder / "complete").exists():
        venv.create(folder, with_pip=True, clear=True)
        pins = folder / "constraints.txt"
        pins.write_text(_other_pins(), "utf-8")
        wanted = (f"massgen=={version}", str(REPOSITORY))
        _run(str(python), "-m", "pip", "install", "--quiet", "--constraint", str(pins), *wanted)
        (folder / "complete").touch()
    return str(python)


def _other_pins() -> str:
    """The versions with which the tests run, but for MassGen's own."""
    lines = (REPOSITORY / "tests" / "constraints.txt").read_text("utf-8").splitlines()
    return "\n".join(line for line in lines if not line.lower().startswith("massgen")) + "\n"


def _run(python: str, *arguments: str) -> str:
    command: Sequence[str] = (python, *arguments)
    done = subprocess.run(  # noqa: S603 - our own words
        command, cwd=REPOSITORY, env=_clean(os.environ), stdout=subprocess.PIPE, text=True, check=True
    )
    return done.stdout


def _clean(environment: Mapping[str, str]) -> dict[str, str]:
    """Without what would let one environment's packages into the other's."""
    return {name: value for name, value in environment.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
