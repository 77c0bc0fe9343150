"""The agents of a MassGen configuration and their quotas."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from massgen_plugins.errors import ConfigurationError
from massgen_plugins.profiles import Settings
from massgen_plugins.providers.base import Provider
from massgen_plugins.quota import ACCOUNT_POOL, Domain, PoolRules

__all__ = ["Bounds", "PlannedAgent", "Team", "team_of"]

_TIMEOUT = 1800
"""MassGen's default in seconds (``TimeoutConfig.orchestrator_timeout_seconds`` of MassGen 0.1.97)."""


@dataclass(frozen=True, slots=True)
class PlannedAgent:
    """One agent.

    Attributes:
        name: Its name in the configuration.
        model: The resolved model.
        domain: The domain of its calls, with an open account.
        pools: The pools they book in.
    """

    name: str
    model: str
    domain: Domain
    pools: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Bounds:
    """Bounds of a run's length in the configuration.

    Attributes:
        new_answers: Maximum number of answers per agent; None if unlimited.
        timeout: Seconds after which MassGen ends the run.
    """

    new_answers: int | None = None
    timeout: float = _TIMEOUT


@dataclass(frozen=True, slots=True)
class Team:
    """All agents of a configuration.

    Attributes:
        agents: Agents with known quotas.
        unknown: Names of agents whose backend has no provider plugin; they are left out of the plan.
        bounds: Bounds of a run's length.
        rules: Rules by pool.
    """

    agents: tuple[PlannedAgent, ...]
    unknown: tuple[str, ...]
    bounds: Bounds
    rules: Mapping[tuple[Domain, str], PoolRules]


def team_of(config: Mapping[str, Any], settings: Settings, providers: Sequence[Provider]) -> Team:
    """Read a configuration.

    Raises:
        ConfigurationError: It has no agents, or the profile in use does not cover an agent's model.
    """
    entries = [config["agent"]] if "agent" in config else config.get("agents")
    if not isinstance(entries, list) or not entries:
        raise ConfigurationError("There is nothing to plan: the configuration has no agents; add `agents:`.")
    agents, unknown = [], []
    rules: dict[tuple[Domain, str], PoolRules] = {}
    for number, entry in enumerate(entries, start=1):
        name = str(entry.get("id", f"agent{number}")) if isinstance(entry, Mapping) else f"agent{number}"
        found = _agent(name, entry, settings, providers)
        if found is None:
            unknown.append(name)
            continue
        agents.append(found)
        for pool in found.pools:
            stated = settings.rules(found.domain.provider, pool)
            if stated is not None:
                rules[found.domain, pool] = stated
    return Team(tuple(agents), tuple(unknown), _bounds(config), rules)


def _agent(name: str, entry: Any, settings: Settings, providers: Iterable[Provider]) -> PlannedAgent | None:
    backend = entry.get("backend") if isinstance(entry, Mapping) else None
    if not isinstance(backend, Mapping):
        return None
    kind, url = str(backend.get("type") or "").lower(), backend.get("base_url")
    provider = next((each for each in providers if each.serves(kind, str(url) if url else None)), None)
    requested = str(backend.get("model") or "")
    if provider is None or not requested:
        return None
    model = provider.resolve_model(requested)
    host = urlsplit(str(url)).hostname or "" if url else ""
    domain = Domain(provider.name, settings.account(provider.name) or "", host)
    pools = (model, *settings.pools_for(provider.name, model), ACCOUNT_POOL)
    return PlannedAgent(name, model, domain, tuple(dict.fromkeys(pools)))


def _bounds(config: Mapping[str, Any]) -> Bounds:
    orchestrator, timeouts = (_block(config, name) for name in ("orchestrator", "timeout_settings"))
    answers = orchestrator.get("max_new_answers_per_agent")
    timeout = timeouts.get("orchestrator_timeout_seconds")
    return Bounds(
        answers if isinstance(answers, int) and answers > 0 else None,
        float(timeout) if isinstance(timeout, int | float) and timeout > 0 else _TIMEOUT,
    )


def _block(config: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    block = config.get(name)
    return block if isinstance(block, Mapping) else {}
