"""Whether a day or month is used up by the limits of the last run, which may not be those of the settings."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from massgen_plugins.cli.looking import Looked
from massgen_plugins.cli.settings_now import SettingsNow
from massgen_plugins.cli.store_place import view_of
from massgen_plugins.cli.wording import amount, counted
from massgen_plugins.errors import ConfigurationError, StoreUnavailable
from massgen_plugins.quota import CalendarDay, CalendarMonth, Pool, PoolRules

if TYPE_CHECKING:
    from massgen_plugins.calls.rows import CallRow
    from massgen_plugins.profiles.settings import Settings
    from massgen_plugins.rate_limit.verdict import LimitView
    from massgen_plugins.rate_limit.viewing import PoolView

__all__ = ["spent", "spent_in_last_run"]


def spent(pool: PoolView) -> bool:
    """Whether a daily or monthly limit of a pool is used up, or the provider refuses calls until later."""
    return pool.penalties.until > pool.now.wall or any(_used_up(pool))


def spent_in_last_run(looked: Looked) -> str:
    """A sentence if a day or month is used up by the limits of a pool's last run; else empty."""
    if all(view.rules.limits == view.declared.limits for view in looked.pools):
        return ""  # the limits shown are those of the last run
    rules = _LastRuns()
    again = view_of(looked.place, lambda pool, declared, _: rules.of(pool, declared))
    for view in again.pools:
        for row in _used_up(view):
            limit = f"{amount(row.limit, row.cap)} {counted(row.limit)}"
            return f"{view.pool}: the last run's own limit of {limit} is used up."
    return ""


def _used_up(pool: PoolView) -> Iterator[LimitView]:
    for row in pool.limits:
        if isinstance(row.limit.window, CalendarDay | CalendarMonth) and row.used >= row.cap:
            yield row


class _LastRuns:
    """The rules that the last run of each pool would have if it started now.

    These are the settings, and its team's YAML, as they are now: what was changed since is not held against
    anybody. If the YAML is unknown or gone, they are the rules that were in force in the run.
    """

    def __init__(self) -> None:
        self._known = SettingsNow()
        self._path = self._known.record()
        self._settings = cache(self._read)

    def of(self, pool: Pool, declared: PoolRules) -> PoolRules:
        """The rules of a pool.

        Args:
            pool: The pool.
            declared: The rules last declared by a process.
        """
        call = self._last_call(pool)
        if call is None or (not call.file and not self._changed_since(call.time)):
            return declared
        try:
            settings = self._settings(call.file)
            return settings.rules(pool.domain.provider, pool.name) or PoolRules(())
        except ConfigurationError:
            return declared

    def _last_call(self, pool: Pool) -> CallRow | None:
        """The last call of a pool's model, or of its domain if the pool is not a model's."""
        if self._path is None:
            return None
        from massgen_plugins.calls.query import Record
        from massgen_plugins.calls.rows import Question

        record, domain = Record(self._path), pool.domain
        with suppress(StoreUnavailable):  # the record is optional
            for model in (pool.name, None):
                asked = Question(provider=domain.provider, account=domain.account, model=model)
                if call := next(record.calls(asked, limit=1), None):
                    return call
        return None

    def _changed_since(self, moment: float) -> bool:
        """Whether a file of the settings is newer than this."""
        from massgen_plugins.cli.places import current_places
        from massgen_plugins.profiles.loading import files_of

        return any(_written(path) > moment for path in files_of(current_places()))

    @staticmethod
    def _read(team: str) -> Settings:
        from massgen_plugins.cli.places import current_places
        from massgen_plugins.cli.team_file import team_layer
        from massgen_plugins.profiles.loading import read_settings

        return read_settings(current_places(), team_layer(Path(team)) if team else None)


def _written(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
