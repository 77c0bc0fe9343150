"""The current settings of this user and directory: the store, and the rules of pools.

Reading them takes three times as long as everything else in `status`, so the answers are kept in the user's
cache directory, with the stamps of all files that they depend on.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from massgen_plugins.cli.answer_cache import AnswerCache
from massgen_plugins.quota import Limit, Pool, PoolRules

if TYPE_CHECKING:
    from massgen_plugins.profiles.places import Places
    from massgen_plugins.profiles.settings import Settings

__all__ = ["SettingsNow"]

_RECORD = "calls.sqlite3"
"""As in :mod:`massgen_plugins.profiles.record`, which is too slow to import."""


class SettingsNow:
    """The settings, read only if no answer is cached."""

    def __init__(self) -> None:
        self._cache = AnswerCache()
        self._places: Places | None = None
        self._settings: Settings | None = None

    def store(self) -> Path | str | None:
        """The store's file, existing or not, or its address; None for memory.

        Raises:
            ConfigurationError: Settings are invalid.
        """
        return _store_of(self._named("store", lambda settings: settings.store))

    def record(self) -> Path | None:
        """The file of the record of calls, existing or not; None if disabled.

        Raises:
            ConfigurationError: Settings are wrong.
        """
        written = self._named(
            "record", lambda settings: (settings.record.keep and settings.record.file) or ""
        )
        return Path(written) if written else None

    def _named(self, name: str, ask: Callable[[Settings], str]) -> str:
        known = self._cache.get(name)
        if isinstance(known, str):
            return known
        from massgen_plugins.profiles.places import default_store_path, exists, find_places

        places = find_places()
        stated = [path for path in (places.project_file, places.user_file) if path and exists(path)]
        default = default_store_path()
        if not stated and default:  # no settings exist, so none need to be read
            return str(default if name == "store" else default.with_name(_RECORD))
        known = ask(self._read())
        self._put(name, known)
        return known

    def rules(self, pool: Pool) -> PoolRules:
        """The rules of a pool; without limits if these are learned.

        Raises:
            ConfigurationError: Settings are invalid, or refuse all calls of this pool.
        """
        name = f"rules {pool.domain.provider} {pool.name}"
        known = _rules_of(self._cache.get(name))
        if known is None:
            known = self._rules(pool)
            written = [[each.kind, each.amount, *_window(each)] for each in known.limits]
            self._put(name, [known.profile, written])
        return known

    def profiles(self) -> list[dict[str, Any]]:
        """A row for every profile, as in :class:`massgen_plugins.profiles.overview.ProfileRow`.

        Raises:
            ConfigurationError: Settings or profiles are invalid.
        """
        known = self._cache.get("profiles")
        if not isinstance(known, list):
            self._read()
            from dataclasses import asdict

            from massgen_plugins.profiles.overview import overview

            known = [asdict(row) for row in overview(places=self._places)]
            self._put("profiles", known)
        return known

    def settings(self) -> Settings:
        """All settings.

        Raises:
            ConfigurationError: They are invalid.
        """
        return self._read()

    def changed(self) -> bool:
        """Whether a file has changed since it was read."""
        return self._cache.changed()

    def keep(self) -> None:
        """Cache the answers."""
        self._cache.save()

    def _rules(self, pool: Pool) -> PoolRules:
        return self._read().rules(pool.domain.provider, pool.name) or PoolRules(())

    def _read(self) -> Settings:
        if self._settings is None:
            from massgen_plugins.cli.places import current_places
            from massgen_plugins.profiles.loading import files_of, read_settings

            self._places = current_places()
            self._cache.watch(files_of(self._places))  # before they are read
            self._settings = read_settings(self._places)
            self._cache.expire(self._settings.steering.next_end)
        return self._settings

    def _put(self, name: str, answer: Any) -> None:
        self._cache.put(name, answer)


def _store_of(written: str) -> Path | str | None:
    if written == "memory":
        return None
    return written if "://" in written else Path(written)


def _window(limit: Limit) -> tuple[str, int | str]:
    from massgen_plugins.rate_limit.book import write_window

    return write_window(limit.window)


def _rules_of(written: Any) -> PoolRules | None:
    from massgen_plugins.rate_limit.book import read_window

    try:
        profile, rows = written
        limits = (Limit(str(kind), int(amount), read_window(window)) for kind, amount, *window in rows)
        return PoolRules(tuple(limits), profile=str(profile))
    except (TypeError, ValueError):
        return None
