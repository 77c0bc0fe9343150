"""The settings of one MassGen configuration, read again when their files change, and the store they name."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from massgen_plugins.errors import ConfigurationError, described
from massgen_plugins.profiles import Settings, SettingsSource
from massgen_plugins.quota import Scope, ScopeRules

__all__ = ["Governor"]

_LOOK = 0.5
"""Seconds between two looks at the files: an edit reaches a running process within one second."""


class Governor:
    """Says what holds in a scope.

    Args:
        config: The MassGen configuration, of which ``rate_limit:`` is read.
        config_path: Its file, for messages.
        profile_directories: Where plugins keep profiles.
        report: Told, in one sentence, of an edit that cannot be read; the last good settings hold on.

    Raises:
        ConfigurationError: The settings are wrong.
    """

    def __init__(
        self,
        config: Mapping[str, Any] | None,
        config_path: str | None,
        profile_directories: list[Path],
        report: Callable[[str], None],
    ) -> None:
        try:
            self._source = SettingsSource(
                config, config_path=config_path, extra_profile_dirs=profile_directories
            )
        except ConfigurationError:
            raise
        except Exception as error:  # a run that asked for limits does not start without them
            raise ConfigurationError(
                f"The settings could not be read ({described(error)}); look for a value of an unusual kind "
                "or size, and report this to massgen-plugins."
            ) from error
        self._report = report
        self._lock = threading.Lock()
        self._looked = time.monotonic()
        self._rules: dict[tuple[str, str], ScopeRules] = {}
        self._last: dict[tuple[str, str], ScopeRules] = {}

    @property
    def settings(self) -> Settings:
        """The settings that hold now."""
        self._look()
        return self._source.settings

    def rules(self, scope: Scope) -> ScopeRules:
        """What holds in a scope now.

        Raises:
            ConfigurationError: No profile covers it, and none ever did.
        """
        self._look()
        known, key = self._rules, (scope.provider, scope.model)
        if key not in known:
            try:
                self._last[key] = self._source.settings.rules(*key)
            except ConfigurationError as error:
                if key not in self._last:
                    raise
                self._report(str(error))
            known[key] = self._last[key]
        return known[key]

    def _look(self) -> None:
        now = time.monotonic()
        if now - self._looked < _LOOK:
            return
        with self._lock:
            if now - self._looked < _LOOK:
                return
            self._looked = now
            if not self._source.changed():
                return
            try:
                self._source.reload()
            except ConfigurationError as error:
                self._report(str(error))
                return
            self._rules = {}
