"""What `status`, `watch` and `line` look at: the store, who waits, and what holds now."""

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
"""Seconds since a process was last seen in a domain, up to which what it declared holds there."""


@dataclass(frozen=True, slots=True)
class Looked:
    """A store and its surroundings at one moment.

    Attributes:
        place: The store's file or address; None for memory.
        view: What is in it.
        now: When it was read, in seconds since the epoch.
        stated: By pool, what the settings of this directory say of it; absent where they do not.
        presences: The processes of this machine that make limited calls now.
        steering: Temporary limits and pauses.
        plans: How far plans are used, by program.
        faults: What could not be read.
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
        """The pools of which there is anything to show.

        Whoever waits for a model waits in its account's pool, too: without limits that tells nothing.
        """
        return [
            pool
            for pool in self.view.pools
            if pool.eventful and (pool.pool.name != ACCOUNT_POOL or pool.limits or pool.penalties.cautious)
        ]

    def next_slot(self, view: PoolView) -> float | None:
        """Seconds until the next call of a pool may leave; None if no moment is known.

        A process knows its own calls best: what it tells its agents is told here.
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
        """This machine's calls that wait for a pool, with their processes, in the order of their leaving."""
        wanted = (*pool.domain, pool.name)
        found = [
            (each, call)
            for each in self.presences
            for call in each.waiting
            if (call.provider, call.account, call.endpoint, call.model) == wanted
        ]
        return sorted(found, key=lambda row: (row[1].until, row[1].since))


def look(store: str | None = None, settings: SettingsNow | None = None) -> Looked:
    """Read the store, and the settings for the pools in it. Nothing is changed.

    Args:
        store: What the option ``--store`` names; None for the store of the settings.
        settings: The settings; read anew if None.

    Raises:
        ConfigurationError: Settings or the option are wrong.
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
        # Processes that use a server are on other machines, too.
        seen = idle < _IN_USE and bool(presences or isinstance(place, str))
        return declared if seen else stated[pool]

    view = view_of(place, holds)
    known.keep()
    steering, unreadable = _steering()
    now, faults = time.time(), (*view.faults, *unreadable)
    return Looked(place, view, now, stated, presences, steering, read_plans(now), faults)


def _steering() -> tuple[Steering, tuple[str, ...]]:
    """What holds; of a damaged file nothing does."""
    try:
        return read_steering(), ()
    except ConfigurationError as error:
        return NO_STEERING, (unread(error),)
