"""The data shown by `status`, `watch` and `line`: store, waiting calls, and limits in force."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from massgen_plugins.cli.settings_now import SettingsNow
from massgen_plugins.cli.store_place import given_store, view_of
from massgen_plugins.errors import ConfigurationError
from massgen_plugins.live.plans import PlanNote, read_plans
from massgen_plugins.live.presence import Presence, WaitingCall, read_all
from massgen_plugins.profiles.steering import NO_STEERING, Steering, read_steering, unread
from massgen_plugins.quota import ACCOUNT_POOL, NANOSECONDS, Pool, PoolRules

if TYPE_CHECKING:
    from massgen_plugins.rate_limit.viewing import PoolView, StoreView

__all__ = ["Looked", "look"]

_IN_USE = 90
"""Seconds after a process was last seen in a domain, during which its declared limits count."""


@dataclass(frozen=True, slots=True)
class Looked:
    """A snapshot of a store and related data.

    Attributes:
        place: The store's file or address; None for memory.
        view: Its content.
        now: When it was read, in seconds since the epoch.
        stated: Rules by pool in the settings of this directory, as far as they have any.
        presences: Running processes on this machine with limited agents.
        steering: Temporary limits and pauses.
        plans: Use of plans, by program.
        faults: Descriptions of what could not be read.
    """

    place: Path | str | None
    view: StoreView
    now: float
    stated: Mapping[Pool, PoolRules]
    presences: Sequence[Presence] = ()
    steering: Steering = NO_STEERING
    plans: Sequence[PlanNote] = ()
    faults: Sequence[str] = ()

    @property
    def pools(self) -> Sequence[PoolView]:
        """The pools with anything to show.

        A call that waits for a model also waits in its account's pool, which is hidden if it has no limits.
        """
        return [
            pool
            for pool in self.view.pools
            if pool.eventful and (pool.pool.name != ACCOUNT_POOL or pool.limits or pool.penalties.cautious)
        ]

    def next_slot(self, view: PoolView) -> float | None:
        """Seconds until the next call of a pool can be admitted; None if unknown.

        Uses the processes' own estimates for their waiting calls, as shown to their agents.
        """
        pause = self.steering.pause_of(view.pool.name)
        if pause is not None:
            return None if pause.until is None else max(0.0, pause.until - self.now)
        named = self.waiting_in(view.pool)
        if named:
            return max(0.0, named[0][1].until - self.now)
        tick = view.slot.tick
        return None if tick is None else max(0.0, (tick - view.now.tick) / NANOSECONDS)

    def waiting_in(self, pool: Pool) -> list[tuple[Presence, WaitingCall]]:
        """This machine's calls waiting for a pool, with their processes, in expected order of admission."""
        wanted = (*pool.domain, pool.name)
        found = [
            (each, call)
            for each in self.presences
            for call in each.waiting
            if (call.provider, call.account, call.endpoint, call.model) == wanted
        ]
        return sorted(found, key=lambda row: (row[1].until, row[1].since))


def look(store: str | None = None, settings: SettingsNow | None = None) -> Looked:
    """Read the store, and the settings for its pools, without changing anything.

    Args:
        store: Value of ``--store``; None for the store in the settings.
        settings: The settings; None to read them.

    Raises:
        ConfigurationError: Settings or the option are invalid.
        StoreUnavailable: The store cannot be read.
    """
    known = settings or SettingsNow()
    place = known.store() if store is None else given_store(store)
    stated: dict[Pool, PoolRules] = {}
    presences = read_all()

    def holds(pool: Pool, declared: PoolRules, idle: float) -> PoolRules:
        try:
            stated[pool] = known.rules(pool)
        except ConfigurationError:
            return declared
        # Processes that use a server may run on other machines.
        seen = idle < _IN_USE and bool(presences or isinstance(place, str))
        return declared if seen else stated[pool]

    view = view_of(place, holds)
    known.keep()
    steering, unreadable = _steering()
    now, faults = time.time(), (*view.faults, *unreadable)
    return Looked(place, view, now, stated, presences, steering, read_plans(now), faults)


def _steering() -> tuple[Steering, tuple[str, ...]]:
    """The temporary values in force; none if the file is damaged."""
    try:
        return read_steering(), ()
    except ConfigurationError as error:
        return NO_STEERING, (unread(error),)
