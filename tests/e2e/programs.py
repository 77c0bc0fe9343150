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
from front import Front
from harness import BIN, User

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

    ``command``: the program's; empty if MassGen's own dependencies bring it. ``environment``: with ``{url}``
    for the sandbox's. ``files``: in the user's home. ``hosts``: names that lead to the sandbox by a proxy,
    where nothing points the program elsewhere.
    """

    type: str
    model: str
    provider: str
    environment: Mapping[str, str]
    command: str = ""
    files: Mapping[str, Any] = field(default_factory=dict)
    hosts: tuple[str, ...] = ()

    def config(self, requests: int = REQUESTS, **rest: Any) -> SandboxConfig:
        """A sandbox that allows so many requests in ten seconds, to all agents together.

        It announces nothing: the headers of these providers speak of minutes.
        """
        quota = Quota(QuotaKind.REQUESTS, requests, window=SECONDS)
        network = Network(uplink_random=0.1, latency=0.3)
        return SandboxConfig(quotas={"*": (quota,)}, network=network, announce=False, **rest)

    @contextmanager
    def user(self, folder: Path, url: str, **environment: str) -> Iterator[User]:
        """Somebody who uses it."""
        if self.command and not (FOLDER / self.command).exists():
            raise AssertionError(f"{self.command} is not installed: run `make programs`")
        own = {name: value.format(url=url) for name, value in self.environment.items()}
        path = {"PATH": f"{BIN}:{FOLDER}:/usr/local/bin:/usr/bin:/bin"}
        with self._front(folder, url) as front:
            user = User(folder, url, **{**path, **own, **front, **environment})
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
        agents = {name: {"type": self.type, "model": self.model, "cwd": f"of-{name}"} for name in names}
        return BackendTeam(agents, more=FILES, **rest)

    def declare(self, user: User, requests: int = REQUESTS) -> dict[str, Any]:
        """Give the user a profile of the true limits; the ``rate_limit:`` block that holds it."""
        folder = user.config_dir / "profiles"
        folder.mkdir(parents=True)
        limit = {"kind": "requests", "amount": requests, "window": f"{SECONDS}s"}
        profile = {"fallback": {"limits": [limit]}}
        document = {"provider": self.provider, "profiles": {"declared": profile}}
        (folder / "declared.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")
        return {"profile": "declared"}


_CLAUDE = {"ANTHROPIC_BASE_URL": "{url}"}
_TRUSTS = {"security": {"folderTrust": {"enabled": False}}, "privacy": {"usageStatisticsEnabled": False}}

PROGRAMS = {
    "claude_code": Program(
        "claude_code",
        "claude-sonnet-4-5",
        "anthropic",
        {**_CLAUDE, "ANTHROPIC_API_KEY": "sk-ant-api03-secret"},
    ),
    "claude_code, a plan": Program(
        "claude_code",
        "claude-sonnet-4-5",
        "anthropic",
        {**_CLAUDE, "CLAUDE_CODE_OAUTH_TOKEN": "sk-ant-oat01-secret"},
    ),
    "codex": Program(
        "codex",
        "gpt-5.4",
        "openai",
        {"OPENAI_API_KEY": "sk-secret"},
        "codex",
        {".codex/auth.json": {"OPENAI_API_KEY": "sk-secret"}},
        ("api.openai.com", "chatgpt.com"),
    ),
    "copilot": Program("copilot", "gpt-4o", "copilot", {}, "copilot"),
    "gemini_cli": Program(
        "gemini_cli",
        "gemini-2.5-flash",
        "gemini",
        {"GEMINI_API_KEY": "AIza-secret"},
        "gemini",
        {".gemini/settings.json": _TRUSTS},
    ),
}
