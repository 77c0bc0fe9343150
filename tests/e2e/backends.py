"""MassGen's HTTP backends against the sandbox: how each is pointed there, and limits of its provider's shape.

backend = BACKENDS["groq"]
with SandboxProcess(backend.config()) as server:
    result = backend.user(folder, server.url).run(backend.team(6, server.url))
assert result.answers
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from harness import User

from massgen_plugins.sandbox import Host, Network, Pool, Quota, SandboxConfig, concurrent, tiers

__all__ = ["BACKENDS", "Backend", "BackendTeam", "mixed_team"]

UPLINK, LATENCY = 0.15, 0.3


@dataclass(frozen=True)
class BackendTeam:
    """A MassGen configuration of agents of any backend: ``agents`` are name to ``backend:`` block.

    ``messages``: name to what its system message says beside. ``more``: further top-level keys.
    """

    agents: Mapping[str, Mapping[str, Any]]
    switch: bool | None = True
    rate_limit: Mapping[str, Any] | None = None
    messages: Mapping[str, str] = field(default_factory=dict)
    more: Mapping[str, Any] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """The configuration as MassGen reads it."""
        switch = {} if self.switch is None else {"enable_rate_limit": self.switch}
        agents = [{"id": name, "backend": {**backend, **switch}} for name, backend in self.agents.items()]
        for agent in agents:
            if agent["id"] in self.messages:
                agent["system_message"] = self.messages[agent["id"]]
        block = {} if self.rate_limit is None else {"rate_limit": dict(self.rate_limit)}
        return {"agents": agents, "ui": {"display_type": "simple"}, **block, **self.more}


@dataclass(frozen=True)
class Backend:
    """A backend type of MassGen.

    ``key``: the variable of its key. ``path``: of its base URL at the sandbox, with the provider's domain in
    it. ``variable``: the environment variable that takes that URL; empty if the YAML's ``base_url`` does.
    ``quotas``: limits that bind a team of six, in the provider's own windows and charges. ``pools``: beside
    them. ``provider``, ``profile``: the plugin's name of the provider, and the same limits as a profile.
    ``host``: the sandbox's, where the path names none.
    """

    type: str
    model: str
    key: str
    path: str
    provider: str
    profile: Mapping[str, Any]
    quotas: tuple[Quota, ...] = ()
    pools: tuple[Pool, ...] = ()
    variable: str = ""
    host: Host | None = None
    more: Mapping[str, Any] = field(default_factory=dict)

    def block(self, url: str) -> dict[str, Any]:
        """An agent's ``backend:`` block for the sandbox at ``url``."""
        place = {} if self.variable else {"base_url": url + self.path}
        return {"type": self.type, "model": self.model, **place, **self.more}

    def team(self, count: int, url: str, **rest: Any) -> BackendTeam:
        """So many agents: ``a0``, ``a1``, ..."""
        return BackendTeam({f"a{number}": self.block(url) for number in range(count)}, **rest)

    def environment(self, url: str) -> dict[str, str]:
        """Its key, and its URL if that is a matter of the environment."""
        place = {self.variable: url + self.path} if self.variable else {}
        return {self.key: f"{self.type}-key", **place}

    def user(self, folder: Path, url: str, **environment: str) -> User:
        """Somebody who has this backend's key."""
        return User(folder, url, **{**self.environment(url), **environment})

    def declare(self, user: User) -> dict[str, Any]:
        """Give the user a profile of the true limits; the ``rate_limit:`` block that holds it."""
        folder = user.config_dir / "profiles"
        folder.mkdir(parents=True)
        document = {"provider": self.provider, "profiles": {"declared": {**self.profile}}}
        (folder / "declared.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")
        return {"profile": "declared"}

    def config(self, **rest: Any) -> SandboxConfig:
        """A sandbox that enforces the backend's limits behind a network that jitters."""
        network = Network(uplink_random=UPLINK, latency=LATENCY)
        quotas = {"*": self.quotas}
        return SandboxConfig(quotas=quotas, pools=self.pools, host=self.host, network=network, **rest)


_OPENAI = tiers.openai(rpm=10, tpm=100_000)


def _fallback(**limits: Any) -> dict[str, Any]:
    """A profile of these limits for every model."""
    return {"fallback": limits}


BACKENDS = {
    "openai": Backend(
        "openai",
        "gpt-5-mini",
        "OPENAI_API_KEY",
        "/api.openai.com/v1",
        "openai",
        _fallback(rpm=10, tpm=100_000),
        _OPENAI,
        variable="OPENAI_BASE_URL",
    ),
    "chatcompletion": Backend(
        "chatcompletion",
        "gpt-4o-mini",
        "OPENAI_API_KEY",
        "/api.openai.com/v1",
        "openai",
        _fallback(rpm=10, tpm=100_000),
        _OPENAI,
    ),
    "claude": Backend(
        "claude",
        "claude-sonnet-4-6",
        "ANTHROPIC_API_KEY",
        "/api.anthropic.com",
        "anthropic",
        _fallback(rpm=10, itpm=100_000, otpm=4000),
        tiers.anthropic(rpm=10, itpm=100_000, otpm=4000),
        variable="ANTHROPIC_BASE_URL",
    ),
    "azure_openai": Backend(
        "azure_openai",
        "gpt-4o",
        "AZURE_OPENAI_API_KEY",
        "/sandbox.openai.azure.com",
        "azure_openai",
        _fallback(tpm=150_000, limits=[{"kind": "requests", "amount": 2, "window": "10s"}]),
        tiers.azure(rpm=12, tpm=150_000),
        variable="AZURE_OPENAI_ENDPOINT",
    ),
    "grok": Backend(
        "grok",
        "grok-4",
        "XAI_API_KEY",
        "/api.x.ai/v1",
        "grok",
        _fallback(rps=1, tpm=200_000),
        tiers.xai(rps=1, tpm=200_000),
    ),
    "groq": Backend(
        "groq",
        "openai/gpt-oss-120b",
        "GROQ_API_KEY",
        "/api.groq.com/openai/v1",
        "groq",
        _fallback(rpm=10, rpd=1000, tpm=150_000, tpd=1_000_000),
        tiers.groq(rpm=10, rpd=1000, tpm=150_000, tpd=1_000_000),
    ),
    "openrouter": Backend(
        "openrouter",
        "deepseek/deepseek-r1:free",
        "OPENROUTER_API_KEY",
        "/openrouter.ai/api/v1",
        "openrouter",
        {"pools": {"openrouter:free": {"rpm": 10, "rpd": 50}}, "fallback": "learned"},
        pools=tiers.openrouter_free(rpm=10),
    ),
    "cerebras": Backend(
        "cerebras",
        "gpt-oss-120b",
        "CEREBRAS_API_KEY",
        "/api.cerebras.ai/v1",
        "cerebras",
        _fallback(rpm=10, tpm=150_000),
        tiers.cerebras(rpm=10, tpm=150_000),
    ),
    "vllm": Backend(
        "vllm",
        "qwen3-8b",
        "VLLM_API_KEY",
        "/v1",
        "vllm",
        _fallback(concurrent=2),
        (concurrent(2),),
        host=Host.VLLM,
    ),
}
"""Every backend of the promise, by its type."""


def mixed_team(url: str, **rest: Any) -> BackendTeam:
    """Two agents each of Gemini, OpenAI and Claude."""
    gemini = {"type": "gemini", "model": "gemini-2.5-flash"}
    blocks = [gemini, BACKENDS["openai"].block(url), BACKENDS["claude"].block(url)]
    agents = {f"a{number}": block for number, block in enumerate(each for each in blocks for _ in range(2))}
    return BackendTeam(agents, **rest)
