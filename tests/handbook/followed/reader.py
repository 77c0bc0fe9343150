"""Somebody who reads a page and types what it says, in an empty home and an empty directory."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

LIMIT = 900
"""Seconds that one story may take."""

CURED = "=== what the page says ==="
_DROPPED = (
    r"PYTHON|MASSGEN|VIRTUAL_ENV|XDG_|CONDA|UV_|PIP_(CACHE|CONSTRAINT|REQUIRE)|LC_"
    r"|\w+_API_KEY$|(?i:\w+_proxy)$"
)
"""Names of variables that a reader with an empty home does not have."""

_CODES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_CONFIGURATION = (".pip", ".config/pip", ".config/uv")
"""Where a home tells pip and uv which package index to use; seen in the empty home, too."""


@dataclass(frozen=True)
class Story:
    """A trouble, what the page says of it, and how it ends.

    Attributes:
        name: The heading's anchor, or the message.
        trouble: Commands that bring it about.
        said: A pattern for what they print then.
        fix: What the page says, word for word.
        then: A pattern for what is printed afterwards.
        files: In the reader's directory at the beginning.
        bare: Without the environment that has MassGen on the PATH.
    """

    name: str
    trouble: str
    said: str
    fix: str
    then: str
    files: dict[str, str] = field(default_factory=dict)
    bare: bool = False


@dataclass(frozen=True)
class Followed:
    """How it went: empty ``wrong`` if the trouble came and went as the page says."""

    name: str
    wrong: str
    seconds: float


def follow(story: Story, **variables: str) -> Followed:
    """Type everything into one shell."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="handbook-") as folder:
        said, then = _typed(story, Path(folder), variables)
    wrong = ""
    if not re.search(story.said, said):
        wrong = f"the trouble did not come; it said {said[-900:]!r}"
    elif not re.search(story.then, then):
        wrong = f"what the page says did not help; it said {then[-900:]!r}"
    return Followed(story.name, wrong, time.monotonic() - started)


def _typed(story: Story, folder: Path, variables: dict[str, str]) -> tuple[str, str]:
    home, project = folder / "home", folder / "project"
    for name, text in story.files.items():
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(text, encoding="utf-8")
    for place in (home, project):
        place.mkdir(exist_ok=True)
    _share_configuration(home)
    script = f"{story.trouble}\necho '{CURED}'\n{story.fix}\n"
    with (folder / "output.txt").open("w+b") as output:
        command = ["bash", "-c", f"exec 2>&1\n{script}"]
        around = {**_environment(home, bare=story.bare), **variables}
        run = {"cwd": project, "env": around, "stdin": subprocess.DEVNULL, "stdout": output}
        subprocess.run(command, timeout=LIMIT, check=False, **run)
        output.seek(0)
        text = _CODES.sub("", output.read().decode("utf-8", "replace"))
    said, _, then = text.partition(CURED)
    return said, then


def _environment(home: Path, *, bare: bool) -> dict[str, str]:
    own = str(Path(sys.prefix) / "bin")
    path = [place for place in os.environ["PATH"].split(os.pathsep) if place != own]
    found = os.pathsep.join(path if bare else [own, *path])
    kept = {name: value for name, value in os.environ.items() if not re.match(_DROPPED, name)}
    return kept | {"HOME": str(home), "PATH": found, "LANG": "C.UTF-8", "ENVIRONMENT": sys.prefix}


def _share_configuration(home: Path) -> None:
    for name in _CONFIGURATION:
        real = Path.home() / name
        if real.exists():
            (home / name).parent.mkdir(parents=True, exist_ok=True)
            (home / name).symlink_to(real)
