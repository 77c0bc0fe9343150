"""Runs MassGen as somebody does who has just installed it: nothing in the directory, in the home, no key.

Every command runs in a fork of the server that imported MassGen for the checks. This repository's plugin is
there too, switched on by nothing, and then changes nothing (tests/host and tests/e2e hold it to that).
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.handbook.checks.places import SCRIPTS
from tests.handbook.checks.running import environment, server

_PROGRAM = """
import sys
from massgen.cli import cli_main
from massgen.cli.env import load_env_file
sys.argv = ["massgen", *{argv!r}]
load_env_file()  # MassGen was imported before this command had its home and directory
cli_main()
"""
_CODES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


@dataclass(frozen=True)
class Ended:
    """How a command ended: its exit code, both streams as one text, and the directories it ran in."""

    code: int
    text: str
    project: Path
    home: Path

    def logged(self, pattern: str) -> list[Path]:
        """Files under ``.massgen`` of the project whose path ends like the pattern."""
        return sorted((self.project / ".massgen").rglob(pattern))


def massgen(
    folder: Path,
    command: str,
    files: Mapping[str, str] | None = None,
    home: Mapping[str, str] | None = None,
    **variables: str,
) -> Ended:
    """Run ``massgen COMMAND`` with these files in its directory and its home, and these variables."""
    project, house = folder / "project", folder / "home"
    for place, texts in ((project, files), (house, home)):
        place.mkdir(exist_ok=True)
        for name, text in (texts or {}).items():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            (place / name).write_text(text, encoding="utf-8")
    program = folder / "program.py"
    server().wait(300)
    program.write_text(_PROGRAM.format(argv=shlex.split(command)), encoding="utf-8")
    around = {**environment(), "HOME": str(house), "PATH": f"{SCRIPTS}:/usr/bin:/bin", **variables}
    # Offline, and by plain directories: neither npm nor a version manager of this machine may be reached.
    around |= {"NPM_CONFIG_PREFIX": str(folder / "npm"), "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
    with (folder / "output.txt").open("w+b") as output:
        code = server().run_file(program, project, around, output.fileno())
        output.seek(0)
        text = _CODES.sub("", output.read().decode("utf-8", "replace"))
    return Ended(code, text, project, house)


def team(*backends: str, more: str = "") -> dict[str, str]:
    """A ``team.yaml`` with these backends (YAML in flow style), and further lines of the top level."""
    agents = "".join(f"  - id: a{number}\n    backend: {text}\n" for number, text in enumerate(backends, 1))
    return {"team.yaml": f"agents:\n{agents}{more}"}


def words(text: str) -> str:
    """A text with all white space made equal, to look for sentences that were wrapped."""
    return " ".join(text.split())


def page(name: str) -> str:
    """A page of the handbook, as it stands in the repository, with its white space made equal."""
    root = Path(__file__).resolve().parents[2]
    return words((root / "website" / "docs" / f"{name}.mdx").read_text(encoding="utf-8"))
