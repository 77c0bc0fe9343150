"""The settings of a MassGen configuration, reloaded when their files change, and their store."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from massgen_plugins.errors import ConfigurationError, described
from massgen_plugins.events import LimitsChanged
from massgen_plugins.profiles import Settings, SettingsSource
from massgen_plugins.providers.base import Conventions
from massgen_plugins.quota import Pool, PoolRules

__all__ = ["Governor", "frozen"]

_LOOK = 0.5
"""Seconds between checks of the files: an edit takes effect within one second."""

_NONE = PoolRules(())


class Governor:
    """Provides the current rules of pools.

    Attributes:
        emit: Publishes changes of a pool's limits.

    Args:
        config: The MassGen configuration with its ``rate_limit:`` block.
        config_path: Its file, for messages.
        profile_directories: Profile directories of plugins.
        report: Called with one sentence about an invalid edit; the last valid settings stay in force.
        conventions: Returns a provider's counting conventions, by its name.

    Raises:
        ConfigurationError: The settings are invalid.
    """

    def __init__(
        self,
        config: Mapping[str, Any] | None,
        config_path: str | None,
        profile_directories: list[Path],
        report: Callable[[str], None],
        conventions: Callable[[str], Conventions] | None = None,
    ) -> None:
        try:
            self._source = SettingsSource(
                config,
                config_path=config_path,
                extra_profile_dirs=profile_directories,
                conventions=conventions,
            )
        except ConfigurationError:
            raise
        except Exception as error:  # a run that asked for limits must not start without them
            raise ConfigurationError(
                f"The settings could not be read ({described(error)}); look for a value of an unusual kind "
                "or size, and report this to massgen-plugins."
            ) from error
        self._report = report
        self.emit: Callable[[LimitsChanged], None] = lambda _: None
        self._lock = threading.Lock()
        self._next_look = time.monotonic() + _LOOK
        self._rules: dict[tuple[str, str], PoolRules | None] = {}
        self._last: dict[tuple[str, str], PoolRules | None] = {}
        self._published: set[tuple[str, str]] = set()
        self._steered: dict[Pool, bool] = {}
        self._pools: dict[tuple[str, str], tuple[str, ...]] = {}
        self._block: Mapping[str, object] | None = None

    # Each call asks several times, so the time is compared here, and not in a function of its own.

    @property
    def settings(self) -> Settings:
        """The current settings."""
        if time.monotonic() >= self._next_look:
            self._look()
        return self._source.settings

    @property
    def block(self) -> Mapping[str, object]:
        """The current settings as a read-only ``rate_limit:`` block."""
        if time.monotonic() >= self._next_look:
            self._look()
        if self._block is None:
            self._block = frozen(self._source.settings.for_plugins())
        return self._block

    def rules(self, pool: Pool) -> PoolRules | None:
        """The current rules of a pool; None if no limit is declared for it. Never raises.

        A pool that no profile in use covers, or whose edited settings are invalid, keeps its last rules.
        """
        if time.monotonic() >= self._next_look:
            self._look()
        known, key = self._rules, (pool.domain.provider, pool.name)
        if key not in known:
            before = self._last.get(key)
            try:
                self._last[key] = self._source.settings.rules(*key)
            except ConfigurationError as error:
                self._report(str(error))
            known[key] = self._last.get(key)
            if key in self._published:
                self._tell(pool, before, known[key])
            self._published.add(key)
        return known[key]

    def _tell(self, pool: Pool, before: PoolRules | None, after: PoolRules | None) -> None:
        """Publish changed limits, with their origin and author."""
        was, now = _in_words(before), _in_words(after)
        if was == now:
            return
        steered = self._source.settings.steered(pool.domain.provider, pool.name)
        by = max(steered, key=lambda each: each.at).by if steered else ""
        origin = "steering" if steered or self._steered.get(pool) else (after or _NONE).profile
        self._steered[pool] = bool(steered)
        self.emit(LimitsChanged(pool, was, now, origin, by))

    def pools_for(self, provider: str, model: str) -> tuple[str, ...]:
        """Names of further pools that calls of a model book in."""
        if time.monotonic() >= self._next_look:
            self._look()
        key = provider, model
        if key not in self._pools:
            try:
                self._pools[key] = self._source.settings.pools_for(provider, model)
            except ConfigurationError as error:
                self._report(str(error))
                self._pools[key] = ()
        return self._pools[key]

    def _look(self) -> None:
        """Reload the settings if a file has changed."""
        with self._lock:
            now = time.monotonic()
            if now < self._next_look:  # another thread has just looked
                return
            self._next_look = now + _LOOK
            if not self._source.changed():
                return
            try:
                self._source.reload()
            except ConfigurationError as error:
                self._report(str(error))
                return
            self._rules, self._pools, self._block = {}, {}, None


def _in_words(rules: PoolRules | None) -> tuple[str, ...]:
    found = rules or _NONE
    return (*(["paused"] if found.paused else []), *map(str, found.limits))


def frozen(value: Mapping[str, object]) -> Mapping[str, object]:
    """A read-only view of a nested mapping."""
    return MappingProxyType({key: _frozen_value(each) for key, each in value.items()})


def _frozen_value(value: object) -> object:
    if isinstance(value, Mapping):
        return frozen(value)
    return tuple(map(_frozen_value, value)) if isinstance(value, list) else value
