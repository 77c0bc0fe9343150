"""Agents in programs of their own, against the sandbox: how each is set up by its user, and limits that bind.

program = PROGRAMS["codex"]
with SandboxProcess(program.config()) as server:
    with program.user(folder, server.url) as user:
        result = user.run(program.team(user, 2))
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from backends import BackendTeam
from child import tool_servers
from front import Front
from harness import BIN, QUESTION, User

from massgen_plugins.sandbox import Network, Quota, QuotaKind, SandboxConfig

__all__ = ["FILES", "FOLDER", "PROGRAMS", "Program"]

FOLDER = BIN.parent / "programs" / "node_modules" / ".bin"
"""Where `make programs` installs them."""

FILES = {"orchestrator": {"snapshot_storage": "snapshots", "agent_temporary_workspace": "temporary"}}
"""What MassGen wants of teams whose agents have a directory."""

REQUESTS, SECONDS = 3, 10
"""What the sandbox allows: short, since the length of a window proves nothing here."""


@dataclass(frozen=True)
class Program:
    """One of MassGen's backend types.

    ``environment``: with ``{url}`` for the sandbox's. ``tool``: a harmless one of the program's own, with its
    arguments. ``command``: the program's; empty if a Python package brings it. ``files``: in the user's home.
    ``hosts``: names that lead to the sandbox by a proxy, where nothing points the program elsewhere.
    ``sdk``: a Python package in another version than MassGen's. ``agent``: more of an agent's ``backend:``.
    """

    type: str
    model: str
    provider: str
    environment: Mapping[str, str]
    tool: str
    command: str = ""
    files: Mapping[str, Any] = field(default_factory=dict)
    hosts: tuple[str, ...] = ()
    sdk: str = ""
    agent: Mapping[str, Any] = field(default_factory=dict)

    @property
    def question(self) -> str:
        """A question for which an agent uses its tool twice in each turn: a turn is three requests.

        On a busy machine MassGen's own tools start too late for Codex: then moves are written.
        """
        return f"{QUESTION}\nSANDBOX: each_turn 2 {self.tool}\nSANDBOX: write new_answer vote"

    def config(self, requests: int = REQUESTS, seconds: float = SECONDS, **rest: Any) -> SandboxConfig:
        """A sandbox that allows so many requests in so many seconds, to all agents together.

        It announces nothing unless asked to: the headers of these providers speak of minutes.
        """
        quota = Quota(QuotaKind.REQUESTS, requests, window=seconds)
        network = Network(uplink_random=0.1, latency=0.3)
        rest.setdefault("announce", False)
        return SandboxConfig(quotas={"*": (quota,), self.model: (quota,)}, network=network, **rest)

    @contextmanager
    def user(self, folder: Path, url: str, **environment: str) -> Iterator[User]:
        """Somebody who uses it."""
        if self.command and not (FOLDER / self.command).exists():
            raise AssertionError(f"{self.command} is not installed: run `make programs`")
        own = {name: value.format(url=url) for name, value in self.environment.items()}
        path = {"PATH": f"{tool_servers()}:{BIN}:{FOLDER}:/usr/local/bin:/usr/bin:/bin"}
        if self.sdk:
            path["PYTHONPATH"] = str(_sdk(self.sdk))
        with self._front(folder, url) as front:
            user = User(folder, url, **{**path, **own, **front, **environment})
            user.forks = not self.sdk  # what a fork has imported is MassGen's version
            for name, content in self.files.items():
                file = user.home / name
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(json.dumps(content), encoding="utf-8")
            yield user

    @contextmanager
    def _front(self, folder: Path, url: str) -> Iterator[dict[str, str]]:
        if not self.hosts:
            yield {}
            return
        with Front(folder, url, self.hosts) as front:
            yield front.environment
            assert not front.plain, "a key has gone to the proxy unencrypted"

    def team(self, count: int, **rest: Any) -> BackendTeam:
        """So many agents: ``a0``, ``a1``, ..."""
        names = [f"a{number}" for number in range(count)]
        block = {"type": self.type, "model": self.model, **self.agent}
        agents = {name: {**block, "cwd": f"of-{name}"} for name in names}
        return BackendTeam(agents, more=FILES, **rest)

    def declare(
        self,
        user: User,
        requests: int = REQUESTS,
        seconds: float = SECONDS,
        *others: str,
        limit: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Give the user a profile of the true limits, of other providers, too; the block that holds it."""
        folder = user.config_dir / "profiles"
        folder.mkdir(parents=True)
        limit = limit or {"kind": "requests", "amount": requests, "window": f"{seconds}s"}
        profiles = {provider: f"declared-{provider}" for provider in (self.provider, *others)}
        for provider, name in profiles.items():
            document = {"provider": provider, "profiles": {name: {"fallback": {"limits": [limit]}}}}
            (folder / f"{provider}.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")
        return {"profile": profiles}


def _sdk(name: str) -> Path:
    folder = FOLDER.parents[1] / "python"
    if not (folder / f"{name}.dist-info").exists():
        raise AssertionError(f"{name} is not installed: run `make programs`")
    return folder


_CLAUDE = {"ANTHROPIC_BASE_URL": "{url}"}
_OWN_TOOLS = {"exclude_file_operation_mcps": True}
"""Without MassGen's servers for files, which nobody needs here: a busy machine starts each in ten seconds."""

_LOOK = 'Glob {"pattern": "*.none"}'
_TRUSTS = {"security": {"folderTrust": {"enabled": False}}, "privacy": {"usageStatisticsEnabled": False}}

PROGRAMS = {
    "claude_code": Program(
        "claude_code",
        "claude-sonnet-4-5",
        "anthropic",
        {**_CLAUDE, "ANTHROPIC_API_KEY": "sk-ant-api03-secret"},
        _LOOK,
    ),
    "claude_code, a plan": Program(
        "claude_code",
        "claude-sonnet-4-5",
        "anthropic",
        {**_CLAUDE, "CLAUDE_CODE_OAUTH_TOKEN": "sk-ant-oat01-secret"},
        _LOOK,
    ),
    "codex": Program(
        "codex",
        "gpt-5.4",
        "openai",
        {"OPENAI_API_KEY": "sk-secret"},
        'update_plan {"plan": [{"step": "Look around", "status": "pending"}]}',
        "codex",
        {".codex/auth.json": {"OPENAI_API_KEY": "sk-secret"}},
        ("api.openai.com", "chatgpt.com"),
        agent=_OWN_TOOLS,
    ),
    "copilot": Program(
        "copilot",
        "gpt-4.1",
        "copilot",
        {"COPILOT_API_URL": "{url}", "GH_TOKEN": "gho_secret"},
        'bash {"command": "true", "description": "Do nothing"}',
        sdk="github_copilot_sdk-0.1.30",
        # A busy machine starts MassGen's tools late.
        agent={**_OWN_TOOLS, "session_send_timeout_seconds": 300},
    ),
    "gemini_cli": Program(
        "gemini_cli",
        "gemini-2.5-flash",
        "gemini",
        {"GEMINI_API_KEY": "AIza-secret"},
        'list_directory {"dir_path": "."}',
        "gemini",
        {".gemini/settings.json": _TRUSTS},
        agent=_OWN_TOOLS,
    ),
}
