"""Finds plugins and asks them: one typed method for each hook, and nobody else touches pluggy."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING

import pluggy

from massgen_plugins import hookspecs
from massgen_plugins.events import Event
from massgen_plugins.hookspecs import PROJECT, AgentInfo, MiddlewareContext
from massgen_plugins.middleware import Middleware
from massgen_plugins.providers.base import Provider

if TYPE_CHECKING:
    import typer

__all__ = ["BLOCK_VARIABLE", "BUILT_IN", "Plugins", "build_manager"]

BUILT_IN = {
    "rate_limit": "massgen_plugins.rate_limit.plugin",
    "gemini": "massgen_plugins.providers.gemini.plugin",
}
"""Our own plugins by name, in the order of registration: ordinary plugins like any other."""

BLOCK_VARIABLE = "MASSGEN_PLUGINS_BLOCK"
"""Environment variable: names of plugins that are not loaded, separated by commas."""


class Plugins:
    """All plugins of a process.

    Args:
        manager: Holds them.
        report: Told, in one sentence, of a plugin that fails.
    """

    def __init__(self, manager: pluggy.PluginManager, report: Callable[[str], None]) -> None:
        self._manager = manager
        self._report = report
        self._failing: set[str] = set()

    def names(self) -> list[str]:
        """Names of all plugins, in the order of registration."""
        return [name for name, _ in self._manager.list_name_plugin() if name]

    def middleware(self, context: MiddlewareContext) -> list[Middleware]:
        """Every plugin's middleware, outermost first."""
        made = self._manager.hook.massgen_middleware(context=context)
        return [middleware for middleware in made if middleware is not None]

    def providers(self) -> list[Provider]:
        """Every plugin's provider, third parties first."""
        return [provider for provider in self._manager.hook.massgen_provider() if provider is not None]

    def profile_directories(self) -> list[Path]:
        """Directories with further profiles."""
        return [
            Path(each) for some in self._manager.hook.massgen_profile_directories() for each in some or ()
        ]

    def agent_starting(self, agent: AgentInfo) -> None:
        """Tell every plugin of an agent."""
        self._manager.hook.massgen_agent_starting(agent=agent)

    def event(self, event: Event) -> None:
        """Tell every plugin of an event; one that fails is reported once."""
        try:
            self._manager.hook.massgen_event(event=event)
        except Exception as error:
            if type(error).__name__ not in self._failing:
                self._failing.add(type(error).__name__)
                self._report(f"A plugin failed in massgen_event: {error!r}.")

    def cli_commands(self, app: typer.Typer) -> None:
        """Let every plugin add commands."""
        self._manager.hook.massgen_cli_commands(app=app)


def build_manager(
    report: Callable[[str], None], *, extra: Iterable[object] = (), with_entry_points: bool = True
) -> Plugins:
    """Register the built-in plugins, those of installed packages, and ``extra`` ones.

    A package whose plugin cannot be loaded is left out and reported: it must not break a MassGen run.
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
        if manager.is_blocked(point.name) or manager.has_plugin(point.name):
            continue
        try:
            plugin = point.load()
            manager.register(plugin, point.name)
            _check(manager, plugin)
        except Exception as error:
            if manager.has_plugin(point.name):
                manager.unregister(name=point.name)
            report(f"The plugin {point.name} ({point.value}) could not be loaded and is left out: {error!r}.")


def _check(manager: pluggy.PluginManager, plugin: object) -> None:
    """Refuse a plugin with a mistyped hook: it would silently do nothing."""
    for caller in manager.get_hookcallers(plugin) or ():
        if not caller.has_spec():
            raise pluggy.PluginValidationError(plugin, f"there is no hook {caller.name}")


def _blocked() -> list[str]:
    return [name.strip() for name in os.environ.get(BLOCK_VARIABLE, "").split(",") if name.strip()]
