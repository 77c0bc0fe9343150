"""Switches agents on: their streams are scoped, MassGen's start-up sleeps are dropped, children inherit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from massgen_plugins.host import orchestrators, reports, subagents
from massgen_plugins.host.governor import Governor
from massgen_plugins.host.runtime import Runtime, runtime
from massgen_plugins.host.stream import Agent, limited_stream
from massgen_plugins.host.switch import INHERITED, KEY

__all__ = ["Plan", "enable", "plan", "report_fault"]

_CHILD_PROCESSES = frozenset({"claude_code", "codex", "gemini_cli", "antigravity_cli", "copilot"})
"""Backends whose requests leave another process: they cannot be seen."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is known before MassGen makes the agents: the settings are good."""

    runtime: Runtime
    governor: Governor
    run: str


def plan(config: Mapping[str, Any], config_path: str | None, inherited: Mapping[str, Any] | None) -> Plan:
    """Read the settings of a configuration.

    Raises:
        ConfigurationError: They are wrong, or no profile covers one of its agents.
    """
    shared = runtime()
    block = {"rate_limit": inherited} if inherited is not None and "rate_limit" not in config else config
    governor = Governor(block, config_path, shared.plugins.profile_directories(), reports.warn_once)
    for note in governor.settings.notes:
        reports.warn_once(note)
    _check_coverage(shared, governor, config)
    return Plan(shared, governor, shared.new_run())


def enable(plan: Plan, agents: Mapping[str, Any], names: Iterable[str]) -> None:
    """Switch the named agents on."""
    orchestrators.attach()
    subagents.attach_when_imported()
    for name in names:
        agent = agents.get(name)
        if agent is not None:
            _enable_one(plan, name, agent.backend)


def report_fault(error: Exception) -> None:
    """Say loudly that limiting did not start; the run goes on."""
    reports.warn_once(f"limiting could not be switched on, the run goes on WITHOUT limits: {error!r}.")


def _enable_one(plan: Plan, name: str, backend: Any) -> None:
    backend_type = str(backend.config.get("type", ""))
    provider = plan.runtime.provider_of_backend(backend_type or _type_of(backend))
    if provider is None:
        reports.warn_once(_uncovered(name, backend_type or _type_of(backend)))
        return
    model = str(backend.config.get("model", ""))
    agent = Agent(name, plan.run, provider.name, provider.resolve_model(model), plan.governor)
    backend.stream_with_tools = limited_stream(agent, backend.stream_with_tools)
    backend.config[KEY] = {INHERITED: plan.governor.settings.to_mapping()}
    plan.runtime.agent_starting(agent, model)


def _check_coverage(shared: Runtime, governor: Governor, config: Mapping[str, Any]) -> None:
    """A run that asked for limiting does not start without limits."""
    entries = [config["agent"]] if "agent" in config else config.get("agents") or []
    for entry in entries:
        backend = entry.get("backend") or {}
        provider = shared.provider_of_backend(str(backend.get("type", "")))
        if provider is not None and backend.get("model"):
            governor.settings.rules(provider.name, provider.resolve_model(str(backend["model"])))


def _type_of(backend: Any) -> str:
    name = getattr(backend, "get_provider_name", lambda: type(backend).__name__)()
    return str(name).lower()


def _uncovered(name: str, backend_type: str) -> str:
    if backend_type in _CHILD_PROCESSES:
        return (
            f"agent {name} ({backend_type}) makes its calls in a program of its own, where they cannot be counted: "
            "it runs without limits, and spends the quota of its key beside the others."
        )
    return f"agent {name} ({backend_type}) runs without limits: no plugin knows this provider yet."
