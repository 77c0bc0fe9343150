"""Teams of agents in programs of their own, run without limits or with: for a table, and for tests."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from backends import BACKENDS, BackendTeam
from harness import Result, User
from programs import FILES, PROGRAMS, Program

from massgen_plugins.sandbox import RetryAfter, SandboxProcess, SandboxReport
from massgen_plugins.sandbox.schedule import quickest

__all__ = ["TEAMS", "Outcome", "ProgramTeam"]

LONGEST = 900.0
_COMPLETED = re.compile(r"^COMPLETED: \d+ agents, ([\d.]+)s", re.MULTILINE)


@dataclass(frozen=True)
class Outcome:
    """What a run gave. ``took``: by MassGen's own watch, None if it did not complete."""

    result: Result
    report: SandboxReport

    @property
    def took(self) -> float | None:
        found = _COMPLETED.search(self.result.stdout)
        return float(found[1]) if found else None

    @property
    def demanded(self) -> float:
        """Seconds that the quota alone requires for the requests that were let in."""
        return quickest(self.report).seconds

    @property
    def final(self) -> str:
        """The answer that the user sees; empty if there is none."""
        return next((text for file, text in self.result.answers.items() if "final" in file), "")


@dataclass(frozen=True)
class ProgramTeam:
    """Two agents of a program, or one beside ``others``.

    ``hints``: how refusals say when to come again. ``unpointed``: files that the user needs where
    the plugin does not point the program.
    """

    program: Program
    hints: RetryAfter = RetryAfter.USUAL
    others: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    unpointed: Mapping[str, Any] = field(default_factory=dict)

    def run(
        self,
        folder: Path,
        requests: int,
        seconds: float,
        *,
        on: bool,
        measured: bool = False,
        **block: Any,
    ) -> Outcome:
        """Run it to its end; ``block``: more of ``rate_limit:``. ``measured``: how long it takes matters."""
        config = self.program.config(requests, seconds, retry_after=self.hints)
        program = (
            self.program if on else replace(self.program, files={**self.program.files, **self.unpointed})
        )
        with SandboxProcess(config) as server, program.user(folder, server.url) as user:
            limits = {
                **self.program.declare(user, requests, seconds, *self._providers()),
                "gateway": "plans",
                **block,
            }
            team = self._team(user, server.url, limits, on=on)
            result = user.run(team, question=self.program.question, measured=measured, within=LONGEST)
            return Outcome(result, server.report())

    def _providers(self) -> set[str]:
        return {BACKENDS[agent["type"]].provider for agent in self.others.values()}

    def _team(self, user: User, url: str, limits: Mapping[str, Any], *, on: bool) -> BackendTeam:
        if not self.others:
            return self.program.team(2, switch=on, rate_limit=limits)
        user.environment.update(BACKENDS["openai"].environment(url))
        agents = {**self.program.team(1).agents, **self.others}
        return BackendTeam(agents, switch=on, rate_limit=limits, more=FILES)


_CLAUDE, _PLAN = PROGRAMS["claude_code"], PROGRAMS["claude_code, a plan"]

TEAMS = {
    "claude_code, a key, retry-after": ProgramTeam(_CLAUDE),
    "claude_code, a key, no retry-after": ProgramTeam(_CLAUDE, RetryAfter.NONE),
    "claude_code, a plan": ProgramTeam(_PLAN),
    "codex": ProgramTeam(PROGRAMS["codex"]),
    "gemini_cli": ProgramTeam(
        PROGRAMS["gemini_cli"],
        unpointed={
            ".gemini/settings.json": {
                "security": {
                    "auth": {"selectedType": "gemini-api-key"},
                    "folderTrust": {"enabled": False},
                }
            }
        },
    ),
    "copilot": ProgramTeam(PROGRAMS["copilot"]),
    "claude_code + claude + openai": ProgramTeam(
        _CLAUDE,
        others={
            "b": {"type": "claude", "model": _CLAUDE.model},
            "c": {"type": "openai", "model": BACKENDS["openai"].model},
        },
    ),
}
