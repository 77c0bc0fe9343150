"""The plugin API: what a plugin can add, and what it hears of.

A plugin is a module or an object with functions of these names, marked with ``hookimpl`` and registered under
the entry-point group ``massgen_plugins``. A function may take fewer arguments than its specification; new
arguments may be added in later versions, none is taken away.

Hooks are synchronous. What has to wait is done by the objects that they hand over, such as middleware. A hook
that raises is reported once and counts as not implemented; hooks of other plugins cannot be wrapped.
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
"""Name of the plugin system: its markers and its entry-point group."""

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)
"""Marks a plugin's function as the implementation of the hook of the same name."""


@dataclass(frozen=True, slots=True)
class AgentInfo:
    """An agent that middleware watches over.

    Attributes:
        agent_id: Its name in the MassGen configuration.
        provider: Name of the provider of its backend, such as ``gemini``.
        model: The model's name as configured.
        settings: The ``rate_limit:`` block that holds for it, resolved.
    """

    agent_id: str
    provider: str
    model: str
    settings: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class MiddlewareContext:
    """What a middleware is made with.

    Attributes:
        emit: Tells everybody of an event.
        rules: What holds in a pool now; None if nothing does.
        settings: The ``rate_limit:`` block that holds for an agent's calls, resolved, by domain.
    """

    emit: Callable[[Event], None]
    rules: Callable[[Pool], PoolRules | None]
    settings: Callable[[Domain], Mapping[str, object]]


@hookspec
def massgen_middleware(context: MiddlewareContext) -> Middleware | None:
    """Add a middleware around every model call of the agents that are switched on.

    Called once in a process, when its first agent is switched on. The built-in limiter comes last before the
    network; of other plugins, those registered later are asked earlier.

    .. versionadded:: 0.1
    """


@hookspec
def massgen_provider() -> Provider | Iterable[Provider] | None:
    """Add one or several providers: which HTTP requests are their model calls, and what their answers mean.

    Called once in a process. An agent's provider is the first that serves its backend; third parties are
    asked before the built-in ones.

    .. versionadded:: 0.1
    """


@hookspec
def massgen_profile_directories() -> Iterable[Path]:  # type: ignore[empty-body]  # a hook has none
    """Add directories with profile files (``*.yaml``), read like those of ``plugin_configs``.

    Called whenever profiles are read. The user's own profiles go before these, and these before ours.

    .. versionadded:: 0.1
    """


@hookspec
def massgen_agent_starting(agent: AgentInfo) -> None:
    """An agent that is switched on has been created, and may make calls from now on.

    Called in the thread that creates agents; must return soon.

    .. versionadded:: 0.1
    """


@hookspec
def massgen_event(event: Event) -> None:
    """Something happened: a wait, a refusal, a learned limit, a trouble.

    Called in the thread in which it happened, often on an event loop: must not block. An exception is
    reported once and does no harm.

    .. versionadded:: 0.1
    """


@hookspec
def massgen_cli_commands(app: typer.Typer) -> None:
    """Add commands to ``massgen-rl``: ``app`` is its Typer application.

    Called once when the command line is started.

    .. versionadded:: 0.1
    """
