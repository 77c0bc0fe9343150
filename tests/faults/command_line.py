"""``massgen-rl`` as a process, in a home and a directory of the test."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

__all__ = ["PROGRAM", "environment", "rl"]

PROGRAM = [sys.executable, "-c", "from massgen_plugins.cli import main; main()"]


def environment(home: Path, **more: str) -> dict[str, str]:
    """Nothing of whoever runs the tests."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "MASSGEN"))}
    return {**kept, "HOME": str(home), **more}


def rl(folder: Path, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run it to its end."""
    return subprocess.run(
        [*PROGRAM, *words],
        cwd=folder,
        env=environment(folder, **more),
        capture_output=True,
        text=True,
        errors="replace",
        timeout=180,  # `doctor` starts MassGen, which takes long on a busy machine
        check=False,
    )
