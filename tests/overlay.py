"""Puts a package into a directory of its own, as pip would, for processes that get it on PYTHONPATH."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

__all__ = ["EXAMPLE", "install", "write_broken_plugin"]

EXAMPLE = Path(__file__).parent / "example_plugin"


def install(source: Path, target: Path) -> Path:
    """Install the package at ``source`` into ``target``, without the network; returns ``target``."""
    copy = target.with_name(f"{target.name}-source")  # building leaves files beside the sources
    shutil.copytree(source, copy, ignore=shutil.ignore_patterns("__pycache__"))
    options = ["--quiet", "--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check"]
    command = [sys.executable, "-m", "pip", "install", *options, "--target", str(target), str(copy)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return target


def write_broken_plugin(folder: Path, body: str, name: str = "broken") -> Path:
    """A plugin package with this body, ready to be installed."""
    folder.mkdir(parents=True)
    (folder / f"{name}_plugin.py").write_text(body, encoding="utf-8")
    (folder / "pyproject.toml").write_text(
        f"""
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
[project]
name = "{name}-plugin"
version = "1"
[project.entry-points.massgen_plugins]
{name} = "{name}_plugin"
[tool.hatch.build.targets.wheel]
include = ["{name}_plugin.py"]
""",
        encoding="utf-8",
    )
    return folder
