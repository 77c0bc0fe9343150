"""Enables limits for agents: scopes their streams, drops MassGen's start-up sleeps, passes settings on."""

from __future__ import annotations

import os
import time
import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from massgen_plugins.host import orchestrators, python_api, reports, stage, subagents
from massgen_plugins.host.before_run import shortages
from massgen_plugins.host.governor import Governor
from massgen_plugins.host.plugin_profiles import readable
from massgen_plugins.host.programs import IN_PROGRAMS
from massgen_plugins.host.run_records import RunRecord
from massgen_plugins.host.runtime import Runtime, runtime
from massgen_plugins.host.stream import Agent, limited_stream
from massgen_plugins.host.switch import INHERITED, KEY

__all__ = ["Plan"]

_BLOCKED = (
    "The environment variable MASSGEN_PLUGINS_BLOCK names rate_limit: agents run WITHOUT limits; "
    "remove the name from it."
)


_NO_BUDGETS = (
    "The environment variable MASSGEN_PLUGINS_BLOCK names budget: agents run WITHOUT budgets; "
    "remove the name from it."
)


@dataclass(frozen=True, slots=True)
class Plan:
    """The validated settings, before MassGen creates the agents."""

    runtime: Runtime
    governor: Governor
    config_path: str | None = None

    @classmethod
    def of(
        cls, config: Mapping[str, Any], config_path: str | None, inherited: Mapping[str, Any] | None
    ) -> Self:
        """Read the settings of a configuration, or the parent's if it has none of its own.

        Raises:
            ConfigurationError: They are invalid.
        """
        shared = runtime()
        block = {"rate_limit": inherited} if inherited is not None and "rate_limit" not in config else config
        directories = readable(shared.plugins.profile_directories(), reports.warn_once)
        governor = Governor(block, config_path, directories, reports.warn_once, shared.conventions_of)
        governor.emit = shared.emit
        for note in governor.settings.notes:
            reports.warn_once(note)
        return cls(shared, governor, config_path)

    def enable(self, agents: Mapping[str, Any]) -> None:
        """Enable limits for all of these agents that can be limited, or for none.

        Raises:
            ConfigurationError: The profile of one of them does not cover its model, or is disabled: a run
                that asked for limits does not start without them.
        """
        if "rate_limit" not in self.runtime.plugins.names():
            reports.warn_once(_BLOCKED)
        run = self.runtime.new_run(self.config_path)
        found = {name: self._identify(name, run, agent) for name, agent in agents.items()}
        limited = {name: agent for name, agent in found.items() if agent is not None}
        for agent in limited.values():
            self.governor.settings.rules(agent.provider.name, agent.model)
        self._check_budgets(limited)
        orchestrators.attach()
        subagents.attach_when_imported()
        if limited:
            self._begin(run, limited)
        for name, agent in limited.items():
            backend = agents[name].backend
            if agent.program and (why := self.runtime.programs.point(agent, backend)):
                reports.warn_once(why)
                continue
            stage.assign(backend, run)
            backend.stream_with_tools = limited_stream(
                agent, backend.stream_with_tools, self.runtime.unseen, self.runtime.model_for
            )
            backend.config[KEY] = {INHERITED: self.governor.settings.for_child(run)}
            self.runtime.agent_starting(agent)

    def _begin(self, run: str, limited: Mapping[str, Agent]) -> None:
        """Warn about insufficient quotas and budgets, and publish the run."""
        settings = self.governor.settings
        team = os.path.realpath(self.config_path) if self.config_path else ""
        for said in shortages(self.governor, limited, team):
            reports.warn_once(said)
        record = RunRecord(run, team, time.time(), frozenset(limited), settings.store, self.governor.rules)
        python_api.note_run(run)
        self.runtime.live.begin(record, names=settings.announce["names"])
        self.runtime.sinks.begin(keep=settings.announce["events"])

    def _check_budgets(self, agents: Mapping[str, Agent]) -> None:
        """Refuse a run whose budgets cannot be enforced."""
        block = self.governor.block
        if not block.get("budget"):
            return
        if "budget" not in self.runtime.plugins.names():
            reports.warn_once(_NO_BUDGETS)
            return
        from massgen_plugins.budget.at_start import check_prices, misspelt_agents

        for sentence in misspelt_agents(block, agents):
            reports.warn_once(sentence)
        models = [(each.provider.name, each.model, each.requested_model) for each in agents.values()]
        for provider, model in check_prices(block, models):
            self.governor.settings.rules(provider, model)

    def _identify(self, name: str, run: str, host_agent: Any) -> Agent | None:
        model = _model_of(host_agent)
        backend_type = _type_of(host_agent.backend, model)
        base_url = _base_url_of(host_agent.backend)
        provider = self.runtime.provider_of_backend(backend_type, base_url)
        if provider is None:
            reports.warn_once(_uncovered(name, backend_type))
            return None
        resolved = self.runtime.resolve_model(provider, model)
        program = backend_type if backend_type in IN_PROGRAMS else ""
        backend = _reference(host_agent.backend)
        return Agent(name, run, provider, model, resolved, self.governor, base_url, program, backend)


def _reference(backend: Any) -> Callable[[], Any] | None:
    try:
        return weakref.ref(backend)
    except TypeError:
        return None


def _model_of(host_agent: Any) -> str:
    # MassGen sends the model in the agent's configuration, where it inserts a default if the YAML has none.
    parameters = getattr(host_agent.config, "backend_params", None) or {}
    return str(parameters.get("model") or host_agent.backend.config.get("model") or "")


def _base_url_of(backend: Any) -> str | None:
    """The base URL of a backend, from the YAML or MassGen's default for its type."""
    url = backend.config.get("base_url") or getattr(backend, "base_url", None)
    return str(url) if url else None


def _type_of(backend: Any, model: str) -> str:
    """The type in the YAML, or the one that MassGen infers from the model's name."""
    named = backend.config.get("type")
    if named:
        return str(named).lower()
    from massgen.utils import get_backend_type_from_model

    return str(get_backend_type_from_model(model)).lower()


def _uncovered(name: str, backend_type: str) -> str:
    if backend_type in IN_PROGRAMS:
        return (
            f"agent {name} ({backend_type}) makes its calls in a separate program, where they cannot be "
            "counted: it runs without limits, and uses its key's quota alongside the others."
        )
    return f"agent {name} ({backend_type}) runs without limits: no plugin knows this provider yet."
