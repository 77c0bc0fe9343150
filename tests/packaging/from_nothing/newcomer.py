"""Somebody with an empty home, an empty environment, and one tool that installs packages."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

LIMIT = 300
"""Seconds that an installation may take."""

_DROPPED = ("PYTHON", "MASSGEN", "VIRTUAL_ENV", "XDG_CACHE", "XDG_STATE", "XDG_CONFIG_HOME", "CONDA")
_ALSO_DROPPED = {"PIP_CACHE_DIR", "PIP_CONSTRAINT", "PIP_REQUIRE_VIRTUALENV", "UV_CACHE_DIR", "UV_CONSTRAINT"}
_CONFIGURATION = (".pip", ".config/pip", ".config/uv")
"""Where a home tells the tools which package index to use; these are seen in the empty home, too."""


@dataclass(frozen=True)
class Done:
    """What a command did."""

    code: int
    out: str
    err: str
    seconds: float


class Newcomer:
    """An environment of its own below ``root``; ``tool`` is a requirement: ``pip==23.2.1``, ``uv``."""

    def __init__(self, root: Path, tool: str) -> None:
        self.environment, self._home = root / "environment", root / "home"
        self._is_uv = tool.startswith("uv")
        self._home.mkdir(parents=True)
        _share_configuration(self._home)
        self.python = self.environment / "bin" / "python"
        self._path = [self.environment / "bin"]
        if self._is_uv:
            self._path.append(root / "tool" / "bin")
            self.must(sys.executable, "-m", "venv", root / "tool")
            self.must(root / "tool" / "bin" / "pip", "install", "--upgrade", tool)
            self.must("uv", "venv", "--python", sys.executable, self.environment)
        else:
            self.must(sys.executable, "-m", "venv", self.environment)
            self.must(self.python, "-m", "pip", "install", "--upgrade", tool)

    @property
    def tool(self) -> str:
        """Its name and version."""
        command = ("uv", "--version") if self._is_uv else ("pip", "--version")
        return " ".join(self.must(*command).out.split()[:2])

    def run(self, *command: object, where: Path | None = None, shell: bool = False, **variables: str) -> Done:
        """Run a command in the environment, as if it were active."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(_DROPPED)}
        path = os.pathsep.join([*map(str, self._path), kept.get("PATH", "")])
        own = {"HOME": str(self._home), "VIRTUAL_ENV": str(self.environment), "PATH": path}
        environment = {name: kept[name] for name in kept.keys() - _ALSO_DROPPED} | own | variables
        words = [str(word) for word in command]
        started = time.monotonic()
        done = subprocess.run(
            words[0] if shell else [shutil.which(words[0], path=path) or words[0], *words[1:]],
            cwd=where or self._home,
            env=environment,
            shell=shell,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=2 * LIMIT,
            check=False,
        )
        return Done(done.returncode, done.stdout, done.stderr, time.monotonic() - started)

    def must(self, *command: object) -> Done:
        """Run a command that has to succeed."""
        done = self.run(*command)
        if done.code:
            raise RuntimeError(f"{' '.join(map(str, command))}: {done.err[-2000:]}")
        return done

    def line(self, line: str, where: Path) -> Done:
        """Run a line of the README, which is written for pip."""
        return self.run(f"uv {line}" if self._is_uv else line, where=where, shell=True)

    def install(self, *arguments: object) -> None:
        """Install what a test needs."""
        self.must(*self._pip(), "install", *arguments)

    def uninstall(self, package: str) -> None:
        """Remove one package."""
        self.must(*self._pip(), "uninstall", *(() if self._is_uv else ("--yes",)), package)

    def packages(self) -> dict[str, str]:
        """Version by name."""
        listed = json.loads(self.must(*self._pip(), "list", "--format", "json").out)
        return {each["name"].lower(): each["version"] for each in listed}

    def _pip(self) -> tuple[str, ...]:
        return ("uv", "pip") if self._is_uv else ("pip",)


def _share_configuration(home: Path) -> None:
    for name in _CONFIGURATION:
        real = Path.home() / name
        if real.exists():
            (home / name).parent.mkdir(parents=True, exist_ok=True)
            (home / name).symlink_to(real)
