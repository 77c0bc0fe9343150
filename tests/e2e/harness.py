"""Runs the real MassGen as its users do: in a process of its own, with a home of its own, against a sandbox.

with SandboxProcess(SandboxConfig(quotas={"*": per_model(rpm=10)})) as server:
    result = User(folder, server.url).run(Team.of(6))
assert server.report().refused == 0
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml
from child import Child

from massgen_plugins import DISABLE

__all__ = ["BIN", "FLASH", "PRO", "QUESTION", "Result", "Run", "Team", "User"]

FLASH = "gemini-2.5-flash"
PRO = "gemini-2.5-pro"
QUESTION = "What is 2+2?"
LONGEST = 420.0
"""Seconds after which a run counts as hanging."""

BIN = Path(sys.executable).parent
"""Where the programs of this Python environment are."""
_COMPLETED = re.compile(r"^COMPLETED: \d+ agents, ([\d.]+)s total", re.MULTILINE)


@dataclass(frozen=True)
class Team:
    """A MassGen configuration.

    ``models``: agent's name to its Gemini model. ``switch``: ``enable_rate_limit`` of every agent; ``None``
    leaves it out. ``rate_limit``: the block of that name. ``more``: further top-level keys.
    """

    models: Mapping[str, str]
    switch: bool | None = True
    rate_limit: Mapping[str, Any] | None = None
    more: Mapping[str, Any] = field(default_factory=dict)

    @staticmethod
    def of(count: int, model: str = FLASH, **rest: Any) -> Team:
        """So many agents of one model: ``a0``, ``a1``, ..."""
        return Team({f"a{number}": model for number in range(count)}, **rest)

    def document(self) -> dict[str, Any]:
        """The configuration as MassGen reads it."""
        switch = {} if self.switch is None else {"enable_rate_limit": self.switch}
        agents = [
            {"id": name, "backend": {"type": "gemini", "model": model, **switch}}
            for name, model in self.models.items()
        ]
        block = {} if self.rate_limit is None else {"rate_limit": dict(self.rate_limit)}
        return {"agents": agents, "ui": {"display_type": "simple"}, **block, **self.more}


class User:
    """Somebody with a home, a project and a key; nothing of the real environment reaches their MassGen."""

    forks = True
    """Whether MassGen is forked; False where a test is about its start."""

    def __init__(self, folder: Path, server: str, key: str = "test-key", **environment: str) -> None:
        self.home = folder / "home"
        self.project = folder / "project"
        self.home.mkdir(parents=True, exist_ok=True)
        self.project.mkdir(exist_ok=True)
        self._teams = 0
        self.environment = {
            "PATH": f"{BIN}:/usr/local/bin:/usr/bin:/bin",
            "HOME": str(self.home),
            "LANG": "C.UTF-8",
            "PYTHONUNBUFFERED": "1",
            "GOOGLE_GEMINI_BASE_URL": server,
            "GEMINI_API_KEY": key,
            **environment,
        }

    @property
    def config_dir(self) -> Path:
        """Where the user's own settings are."""
        return self.home / ".config" / "massgen-plugins"

    @property
    def store(self) -> Path:
        """Where the quota of all runs is kept, once there was one."""
        return self.home / ".local" / "state" / "massgen-plugins" / "quota.sqlite3"

    def pools(self) -> list[Any]:
        """What the store knows of every pool that has something to show."""
        from massgen_plugins.rate_limit.viewing import view_file

        return [view for view in view_file(self.store).pools if view.eventful]

    def start(
        self,
        team: Team,
        *arguments: str,
        question: str = QUESTION,
        program: Sequence[str] = ("massgen",),
        **how: bool,
    ) -> Run:
        """Start ``massgen --automation`` with the team; use it in a ``with`` block.

        ``measured=True``: its speed matters. ``held=True``: stopped before its first call, until ``thaw()``.
        """
        self._teams += 1
        # What the server imported has the plugin in it.
        how.setdefault("forked", self.forks and DISABLE not in self.environment)
        file = self.write(f"team{self._teams}.yaml", yaml.safe_dump(team.document(), sort_keys=False))
        return self.command(*program, "--automation", "--config", str(file), *arguments, question, **how)

    def run(self, team: Team, *arguments: str, within: float = LONGEST, **rest: Any) -> Result:
        """Run the team to its end; fails if that takes more than ``within`` seconds."""
        with self.start(team, *arguments, **rest) as run:
            return run.finish(within)

    def command(self, program: str, *arguments: str, **how: bool) -> Run:
        """Start a program of this Python environment: ``massgen``, ``massgen-rl``, ``python``."""
        if how.get("forked") and program == "python":
            return Run(self, list(arguments), **how)
        return Run(self, [str(BIN / program), *arguments], **how)

    def write(self, name: str, text: str) -> Path:
        """Put a file into the project."""
        file = self.project / name
        file.write_text(text, encoding="utf-8")
        return file


class Run(Child):
    """A MassGen that runs."""

    def __init__(self, user: User, command: list[str], **how: bool) -> None:
        self.user = user
        # A project may have seen runs before this one, or see one beside it.
        self._before = set(_log_folders(user))
        super().__init__(command, user.project, user.environment, **how)

    def finish(self, within: float = LONGEST) -> Result:
        """Wait for its end and look at what it left; fails after ``within`` seconds."""
        code = self.wait(within)
        stdout, stderr = self.stdout.text, self.stderr.text
        return Result(code, stdout, stderr, self.user, self._folder(stdout))

    def _folder(self, stdout: str) -> Path | None:
        named = re.search(r"^LOG_DIR: (.+)$", stdout, re.MULTILINE)
        if named:
            return self.user.project / named[1]
        new = sorted(set(_log_folders(self.user)) - self._before)
        return new[-1] if new else None


@dataclass(frozen=True)
class Result:
    """What a finished MassGen said and left. ``logs``: its log directory, ``None`` if it made none."""

    exit_code: int
    stdout: str
    stderr: str
    user: User
    logs: Path | None

    @property
    def completed(self) -> float:
        """The seconds that MassGen itself says it took."""
        found = _COMPLETED.search(self.stdout)
        assert found, f"MassGen did not complete:\n{self.stdout[-2000:]}\n{self.stderr[-2000:]}"
        return float(found[1])

    @cached_property
    def log(self) -> str:
        """All of massgen.log."""
        return "\n".join(self.texts("massgen.log").values())

    @cached_property
    def answers(self) -> dict[str, str]:
        """Every answer that an agent gave, and the final one, by file."""
        return self.texts("answer.txt")

    @cached_property
    def agent_outputs(self) -> dict[str, str]:
        """What each agent's pane showed, by file."""
        return self.texts("agent_outputs/*.txt")

    @cached_property
    def history(self) -> dict[str, str]:
        """What MassGen keeps of the user's conversations for later turns, by file."""
        return _read(self.user.project / ".massgen" / "sessions", "*")

    @cached_property
    def status(self) -> dict[str, Any]:
        """MassGen's status.json; empty if it wrote none."""
        return next((json.loads(text) for text in self.texts("status.json").values()), {})

    @cached_property
    def events(self) -> list[dict[str, Any]]:
        """MassGen's events.jsonl."""
        return [
            json.loads(line) for text in self.texts("events.jsonl").values() for line in text.splitlines()
        ]

    def texts(self, pattern: str) -> dict[str, str]:
        """Files of the run's log directory whose path ends like ``pattern``, with their text."""
        return _read(self.logs, pattern) if self.logs else {}


def _read(folder: Path, pattern: str) -> dict[str, str]:
    return {
        str(file.relative_to(folder)): file.read_text(encoding="utf-8", errors="replace")
        for file in sorted(folder.rglob(pattern))
        if file.is_file()
    }


def _log_folders(user: User) -> list[Path]:
    return list(user.project.glob(".massgen/massgen_logs/log_*"))
