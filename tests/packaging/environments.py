"""Small environments to install into; they see the packages of the test's own, so nothing is downloaded."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]

FINDERS = "import sys; print([type(finder).__name__ for finder in sys.meta_path])"

ATTACHED = """
import importlib, sys
from massgen_plugins.wrapping import is_wrapped
def attached():
    seams = {
        "massgen.cli": "create_agents_from_config",
        "massgen.cli.backends": "create_backend",
        "massgen.subagent.manager": "SubagentManager._generate_subagent_yaml_config",
    }
    found = []
    for module, path in seams.items():
        owner = sys.modules.get(module)
        *owners, name = path.split(".")
        for each in owners:
            owner = getattr(owner, each, None)
        found.append(is_wrapped(owner, name))
    return found
"""
"""Defines ``attached()``: whether each of MassGen's seams is wrapped."""


class Environment:
    """A virtual environment at ``root``; ``paths`` are importable in it beside what is installed."""

    def __init__(self, root: Path, paths: list[Path]) -> None:
        self.root = root
        self.python = root / "bin" / "python"
        run(sys.executable, "-m", "venv", "--without-pip", root)
        self.packages = Path(self.evaluate("import sysconfig; print(sysconfig.get_path('purelib'))").strip())
        (self.packages / "neighbours.pth").write_text("".join(f"{path}\n" for path in paths))

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run its interpreter, away from the repository, without the variables of the test's own."""
        return run(self.python, *arguments, cwd=self.root, **environment)

    def evaluate(self, code: str, *flags: str, **environment: str) -> str:
        """What a program prints; it must end well and say nothing on standard error."""
        result = self.run(*flags, "-c", code, **environment)
        assert (result.returncode, result.stderr) == (0, "")
        return result.stdout

    def pip(self, *arguments: str | Path) -> None:
        """Run the test's own pip on it, offline."""
        run(sys.executable, "-m", "pip", "--python", self.python, "--quiet", *arguments)

    def install(self, *what: str | Path) -> None:
        """Install the package alone."""
        self.pip("install", "--no-deps", "--no-index", "--no-build-isolation", *what)

    def leftovers(self) -> list[str]:
        """Every file in it that bears our name, or that of our profiles' folder."""
        places = [
            (self.packages, "*massgen*"),
            (self.packages, "plugin_configs"),
            (self.root / "bin", "massgen*"),
        ]
        roots = [found for folder, pattern in places for found in folder.glob(pattern)]
        files = [file for root in roots for file in [root, *root.rglob("*")] if file.is_file()]
        return sorted(str(file.relative_to(self.root)) for file in files)


def run(*command: object, cwd: Path | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command; installing something must succeed, a program may fail on purpose."""
    ours = ("PYTHON", "MASSGEN", "PIP_TARGET", "PIP_PREFIX", "PIP_USER", "UV_", "VIRTUAL_ENV")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    result = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=kept | environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert "-c" in command or result.returncode == 0, result.stdout + result.stderr
    return result


def own_packages() -> list[Path]:
    """Where the packages of the test's own environment are."""
    return sorted({Path(sysconfig.get_path(name)) for name in ("purelib", "platlib")})
