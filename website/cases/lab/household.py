"""Somebody with a home and a project: nothing of the real environment reaches their MassGen."""

from __future__ import annotations

import os
import sys
import sysconfig
from collections.abc import Mapping
from pathlib import Path

from lab.runs import Finished, Running

__all__ = ["Household"]

_SCRIPTS = Path(sysconfig.get_path("scripts"))
_FILE_TOOLS = _SCRIPTS.parent / "programs/node_modules/.bin/mcp-server-filesystem"
"""MassGen's file tools, which it would have npx fetch; ``make programs`` installs them."""

_PASSED_ON = ("LANG", "PYTHONPATH", "TZ", "TMPDIR")
_KEYS = ("GEMINI_API_KEY", "OPENAI_API_KEY", "ANTHROPIC_API_KEY")
_NOBODY = "http://127.0.0.1:9"
"""A proxy where nobody answers: MassGen and litellm ask the web for lists of prices."""


class Household:
    """A user of MassGen.

    Args:
        folder: Where home and project are made.
        provider: URL of the server that plays the provider.
        more: Further environment variables.
    """

    def __init__(self, folder: Path, provider: str, more: Mapping[str, str] | None = None) -> None:
        self.home = folder / "home"
        self.project = folder / "project"
        self.home.mkdir(parents=True, exist_ok=True)
        self.project.mkdir(exist_ok=True)
        programs = folder / "programs"
        programs.mkdir(exist_ok=True)
        link = programs / _FILE_TOOLS.name
        if _FILE_TOOLS.exists() and not link.exists():
            link.symlink_to(_FILE_TOOLS)
        self.environment = _environment(self.home, provider, programs) | dict(more or {})

    def write(self, name: str, text: str) -> Path:
        """Put a file into the project."""
        file = self.project / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file

    def start(self, program: str, *arguments: str) -> Running:
        """Start ``massgen``, ``massgen-rl`` or ``python`` in the project; use it in a ``with`` block."""
        command = sys.executable if program == "python" else str(_SCRIPTS / program)
        return Running([command, *arguments], self.project, self.environment)

    def run(self, program: str, *arguments: str, within: float = 600.0) -> Finished:
        """Run a program to its end.

        Raises:
            TimeoutError: It takes more than ``within`` seconds.
        """
        with self.start(program, *arguments) as running:
            return running.finish(within)

    def massgen(self, config: str, question: str, *options: str) -> Finished:
        """``massgen --automation`` on a configuration of the project, to its end."""
        return self.run("massgen", "--automation", "--config", config, *options, question)


def _environment(home: Path, provider: str, programs: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    return {
        **kept,
        **dict.fromkeys(_KEYS, "sandbox"),
        "PATH": os.pathsep.join([str(_SCRIPTS), str(programs), "/usr/local/bin", "/usr/bin", "/bin"]),
        "HOME": str(home),
        "PYTHONUNBUFFERED": "1",
        "PYTHONWARNINGS": "ignore",
        "GOOGLE_GEMINI_BASE_URL": provider,
        "ANTHROPIC_BASE_URL": provider,
        "SANDBOX": provider,
        # MassGen looks for .env files above its own directory; a key in one must stay there.
        "PYTHON_DOTENV_DISABLED": "1",
        "HTTPS_PROXY": _NOBODY,
        "HTTP_PROXY": _NOBODY,
        "NO_PROXY": "127.0.0.1",
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    }
