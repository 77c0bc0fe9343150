"""Hooks into MassGen's creation of agents: makes its switch work everywhere, and disables its own limiter.

MassGen 0.1.97 overwrites the switch of the YAML with the value of its flag, in the caller's own dictionary.
So the switches are read first, MassGen gets "off", and the caller's values are restored.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from massgen_plugins.errors import ConfigurationError, described
from massgen_plugins.host.switch import KEY, decide, environment_switch, inherited, keep_flag, yaml_switch
from massgen_plugins.wrapping import wrap_once

__all__ = ["attach"]


def attach(module: ModuleType) -> None:
    """Wrap ``create_agents_from_config`` and ``create_backend`` where they are defined."""
    wrap_once(module, "create_agents_from_config", _making_agents)
    wrap_once(module, "create_backend", _making_backend)


def _making_agents(original: Callable[..., Any]) -> Callable[..., Any]:
    def create_agents_from_config(
        config: Any,
        orchestrator_config: Any = None,
        enable_rate_limit: bool = False,
        *args: Any,
        **kwargs: Any,
    ) -> Any:
        try:
            keep_flag(enable_rate_limit)
            names = _switched_on(config)
            plan = _plan(config, kwargs.get("config_path")) if names else None
            if plan is None:
                own = enable_rate_limit and bool(names)  # MassGen's limiter, after an internal error
                return original(config, orchestrator_config, own, *args, **kwargs)
            with _switches_kept(config):
                agents = original(config, orchestrator_config, False, *args, **kwargs)
            _enable(plan, {name: agents[name] for name in names if name in agents})
        except ConfigurationError as error:
            raise _as_host_error(error) from error
        return agents

    return create_agents_from_config


def _plan(config: Any, config_path: str | None) -> Any:
    """The plan for the agents; None after an internal error: then MassGen's own limiter stays on."""
    try:
        from massgen_plugins.host.enabling import Plan

        found = (inherited(_backend(entry)) for entry in _entries(config))
        return Plan.of(config, config_path, next(filter(None, found), None))
    except ConfigurationError:
        raise
    except Exception as error:
        _report_unlimited(error)
        return None


def _enable(plan: Any, agents: Mapping[str, Any]) -> None:
    try:
        plan.enable(agents)
    except ConfigurationError:
        raise
    except Exception as error:
        _report_unlimited(error)


def _report_unlimited(error: Exception) -> None:
    from massgen_plugins.host import reports

    what = described(error)
    reports.warn_once(f"limiting could not be switched on; the run continues WITHOUT limits: {what}.")


def _making_backend(original: Callable[..., Any]) -> Callable[..., Any]:
    def create_backend(backend_type: Any, **kwargs: Any) -> Any:
        # A backend that MassGen clones from a limited one must not create MassGen's own limiter.
        if isinstance(kwargs.get(KEY), Mapping):
            kwargs[KEY] = False
        return original(backend_type, **kwargs)

    return create_backend


def _switched_on(config: Any) -> list[str]:
    """Names of the agents to limit; if a name is used repeatedly, MassGen keeps the last agent."""
    environment = environment_switch()
    named = {
        str(entry.get("id", f"agent{number}")): entry
        for number, entry in enumerate(_entries(config), start=1)
    }
    switches = {name: yaml_switch(_backend(entry).get(KEY), name) for name, entry in named.items()}
    return [name for name, switch in switches.items() if decide(switch, environment)]


@contextmanager
def _switches_kept(config: Any) -> Iterator[None]:
    """Restore the user's switches: the dictionaries belong to the user, and may be reused."""
    missing = object()
    before = [(backend, backend.get(KEY, missing)) for backend in map(_backend, _entries(config))]
    try:
        yield
    finally:
        for backend, value in before:
            if value is missing:
                backend.pop(KEY, None)
            else:
                backend[KEY] = value


def _entries(config: Any) -> list[Mapping[str, Any]]:
    """The agents of a configuration, as MassGen reads them; empty if it is invalid, as MassGen reports it."""
    if not isinstance(config, Mapping):
        return []
    entries = [config["agent"]] if "agent" in config else config.get("agents")
    return [entry for entry in entries if isinstance(entry, Mapping)] if isinstance(entries, list) else []


def _backend(entry: Mapping[str, Any]) -> dict[str, Any]:
    backend = entry.get("backend")
    return backend if isinstance(backend, dict) else {}


def _as_host_error(error: ConfigurationError) -> Exception:
    """Convert to an error that MassGen's command line prints without a traceback."""
    try:
        from massgen.cli.config_loading import ConfigurationError as HostError
    except ImportError:
        from massgen.cli import ConfigurationError as HostError
    made: Exception = HostError(f"massgen-plugins: {error}")
    return made
