"""Loads plugins and calls their hooks. The only module that uses pluggy, with one typed method per hook."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import pluggy

from massgen_plugins import hookspecs
from massgen_plugins.errors import MassgenPluginsError, described
from massgen_plugins.events import Event
from massgen_plugins.hookspecs import PROJECT, AgentInfo, MiddlewareContext
from massgen_plugins.interrupts import ends_the_run
from massgen_plugins.middleware import Middleware
from massgen_plugins.providers.base import Conventions, Provider

if TYPE_CHECKING:
    import typer

__all__ = ["BLOCK_VARIABLE", "BUILT_IN", "Plugins", "build_manager"]

T = TypeVar("T")

_NAME = re.compile(r"[a-z0-9._-]+")

BUILT_IN = {
    "rate_limit": "massgen_plugins.rate_limit.plugin",
    "budget": "massgen_plugins.budget.plugin",
    "gemini": "massgen_plugins.providers.gemini.plugin",
    "providers": "massgen_plugins.providers.plugin",
    "calls": "massgen_plugins.calls.plugin",
}
"""Modules of the built-in plugins by name, in order of registration."""

BLOCK_VARIABLE = "MASSGEN_PLUGINS_BLOCK"
"""Environment variable: comma-separated names of plugins that are not loaded."""


class Plugins:
    """All plugins of a process. A hook that fails is reported once; the other plugins are still called.

    Args:
        manager: Holds the registered plugins.
        report: Called with one sentence about a plugin that failed.
    """

    def __init__(self, manager: pluggy.PluginManager, report: Callable[[str], None]) -> None:
        self._manager = manager
        self._report = report
        self._failed: set[tuple[str, str]] = set()

    def names(self) -> list[str]:
        """Names of all plugins that are not blocked, in order of registration."""
        return [name for name, plugin in self._manager.list_name_plugin() if plugin is not None]

    def middleware(self, context: MiddlewareContext) -> list[Middleware]:
        """The middleware of all plugins, outermost first."""
        return self._ask("massgen_middleware", _as_middleware, context=context)

    def providers(self) -> list[Provider]:
        """The providers of all plugins, third-party ones first."""
        found = self._ask("massgen_provider", _as_providers)
        return [provider for some in found for provider in some]

    def profile_directories(self) -> list[Path]:
        """The profile directories of all plugins."""
        found = self._ask("massgen_profile_directories", _as_directories)
        return [directory for some in found for directory in some]

    def agent_starting(self, agent: AgentInfo) -> None:
        """Notify every plugin of a new agent."""
        self._ask("massgen_agent_starting", _anything, agent=agent)

    def event(self, event: Event) -> None:
        """Notify every plugin of an event."""
        self._ask("massgen_event", _anything, event=event)

    def cli_commands(self, app: typer.Typer) -> None:
        """Let every plugin add commands."""
        self._ask("massgen_cli_commands", _anything, app=app)

    def _ask(self, hook: str, read: Callable[[Any], T], **arguments: object) -> list[T]:
        """Call a hook and return the results that are not None, converted by ``read``, last registered first.

        pluggy's own hook call would stop at the first exception.
        """
        answers = []
        for implementation in reversed(getattr(self._manager.hook, hook).get_hookimpls()):
            try:
                answer = implementation.function(*map(arguments.__getitem__, implementation.argnames))
                if answer is not None:
                    answers.append(read(answer))
            except BaseException as error:
                if ends_the_run(error):
                    raise
                self._report_once(implementation.plugin_name, hook, error)
        return answers

    def _report_once(self, plugin: str, hook: str, error: BaseException) -> None:
        if (plugin, hook) not in self._failed:
            self._failed.add((plugin, hook))
            self._report(f"The plugin {plugin} failed in {hook}: {described(error)}.")


def build_manager(
    report: Callable[[str], None], *, extra: Iterable[object] = (), with_entry_points: bool = True
) -> Plugins:
    """Register the built-in plugins, those of installed packages, and ``extra`` ones.

    A plugin that cannot be loaded is reported and left out, so that it cannot break a MassGen run.
    """
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(hookspecs)
    for name in _blocked():
        manager.set_blocked(name)
    for name, module in BUILT_IN.items():
        if not manager.is_blocked(name):
            manager.register(import_module(module), name)
    if with_entry_points:
        _load_entry_points(manager, report)
    for plugin in extra:
        manager.register(plugin)
    return Plugins(manager, report)


def _load_entry_points(manager: pluggy.PluginManager, report: Callable[[str], None]) -> None:
    for point in entry_points(group=PROJECT):
        if manager.is_blocked(point.name):
            continue
        if manager.has_plugin(point.name):
            report(f"The plugin {point.name} ({point.value}) is left out: another one has this name.")
            continue
        try:
            plugin = point.load()
            manager.register(plugin, point.name)
            _check(manager, plugin)
        except BaseException as error:
            if ends_the_run(error):
                raise
            if manager.has_plugin(point.name):
                manager.unregister(name=point.name)
            # pluggy's own message contains only names, so it is safe to show.
            why = str(error) if isinstance(error, pluggy.PluginValidationError) else described(error)
            report(f"The plugin {point.name} ({point.value}) could not be loaded and is left out: {why}.")


def _check(manager: pluggy.PluginManager, plugin: object) -> None:
    """Reject hooks that would silently do nothing: unknown names and hook wrappers."""
    for caller in manager.get_hookcallers(plugin) or ():
        if not caller.has_spec():
            raise _WrongPlugin(f"there is no hook {caller.name}")
        if any(each.wrapper or each.hookwrapper for each in caller.get_hookimpls() if each.plugin is plugin):
            raise _WrongPlugin(f"{caller.name} cannot be wrapped, add a middleware")


# Results are checked immediately: a wrong object would otherwise fail far from its cause.


class _WrongPlugin(MassgenPluginsError):
    """A plugin breaks the API. The text is written by this module and contains none of the plugin's data."""


def _kind(answer: object) -> str:
    return f"an object of type {type(answer).__name__}"


def _as_middleware(answer: object) -> Middleware:
    if not isinstance(answer, Middleware):
        raise _WrongPlugin(f"{_kind(answer)} is not a massgen_plugins.middleware.Middleware")
    return answer


def _as_providers(answer: Any) -> list[Provider]:
    providers = list(answer) if isinstance(answer, Iterable) else [answer]
    for provider in providers:
        if not isinstance(provider, Provider):
            raise _WrongPlugin(f"{_kind(provider)} is not a massgen_plugins.providers.base.Provider")
        if not (isinstance(provider.name, str) and _NAME.fullmatch(provider.name)):
            raise _WrongPlugin(f"the name of {_kind(provider)} is no word of a-z, 0-9, '.', '-' and '_'")
        if not isinstance(provider.conventions, Conventions):
            raise _WrongPlugin(
                f"the conventions of {_kind(provider)} are no massgen_plugins.providers.base.Conventions"
            )
    return providers


def _as_directories(answer: Iterable[Any]) -> list[Path]:
    if isinstance(answer, str):
        raise _WrongPlugin("one string instead of a list of directories")
    return [Path(each) for each in answer]


def _anything(answer: object) -> object:
    return answer


def _blocked() -> list[str]:
    return [name.strip() for name in os.environ.get(BLOCK_VARIABLE, "").split(",") if name.strip()]
