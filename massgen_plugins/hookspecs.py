"""The plugin API: the hooks that a plugin can implement.

A plugin is a module or an object with functions of these names, marked with ``hookimpl`` and registered in
the entry-point group ``massgen_plugins``. An implementation may accept fewer arguments than its
specification; later versions may add arguments, but never remove one.

Hooks are synchronous; asynchronous work belongs to the objects that they return, such as middleware. An
exception in a hook is reported once and counts as no result. Hook wrappers are not supported.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pluggy

from massgen_plugins.events import Event
from massgen_plugins.middleware import Middleware
from massgen_plugins.providers.base import Provider

if TYPE_CHECKING:
    import typer

    from massgen_plugins.quota import Domain, Pool, PoolRules

__all__ = ["PROJECT", "AgentInfo", "MiddlewareContext", "hookimpl"]

PROJECT = "massgen_plugins"
"""Project name of the pluggy markers, and the entry-point group."""

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)
"""Marks a function as the implementation of the hook of the same name."""


@dataclass(frozen=True, slots=True)
class AgentInfo:
    """An agent whose calls pass through the middleware.

    Attributes:
        agent_id: Its name in the MassGen configuration.
        provider: Name of its backend's provider, such as ``gemini``.
        model: The model's name as configured.
        settings: The resolved ``rate_limit:`` settings of the agent.
    """

    agent_id: str
    provider: str
    model: str
    settings: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class MiddlewareContext:
    """What a plugin can use to create its middleware.

    Attributes:
        emit: Publishes an event.
        rules: Returns the rules in force for a pool; None if it has none.
        settings: Returns the resolved ``rate_limit:`` settings for calls in a domain.
    """

    emit: Callable[[Event], None]
    rules: Callable[[Pool], PoolRules | None]
    settings: Callable[[Domain], Mapping[str, object]]


@hookspec
def massgen_middleware(context: MiddlewareContext) -> Middleware | None:
    """Add a middleware around every model call of agents with rate limiting enabled.

    Called once per process, when the first such agent is created. The built-in limiter is innermost, next
    to the network; of other plugins, the one registered last is outermost.

    .. versionadded:: 0.1
    """


@hookspec
def massgen_provider() -> Provider | Iterable[Provider] | None:
    """Add one or several providers, which recognise model calls and interpret their answers.

    Called once per process. An agent's provider is the first one that serves its backend; third-party
    providers take precedence over built-in ones.

    .. versionadded:: 0.1
    """


@hookspec
def massgen_profile_directories() -> Iterable[Path]:  # type: ignore[empty-body]  # a hook has none
    """Add directories of profile files (``*.yaml``), in the format of ``plugin_configs``.

    Called whenever profiles are loaded. The user's profiles take precedence over these, and these over the
    built-in ones.

    .. versionadded:: 0.1
    """


@hookspec
def massgen_agent_starting(agent: AgentInfo) -> None:
    """Called when an agent with rate limiting enabled has been created, before its first call.

    Runs in the thread that creates agents; must return quickly.

    .. versionadded:: 0.1
    """


@hookspec
def massgen_event(event: Event) -> None:
    """Called for every event: a wait, a refusal, a learned limit, a problem.

    Runs in the thread that emits the event, often on an event loop: must not block.

    .. versionadded:: 0.1
    """


@hookspec
def massgen_cli_commands(app: typer.Typer) -> None:
    """Add commands to ``massgen-rl``; ``app`` is its Typer application.

    Called once at start-up of the command line.

    .. versionadded:: 0.1
    """
