"""Who waits in this process, and what it has counted: kept in step by its events. Asks no clock."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace

from massgen_plugins.events import (
    CallAdmitted,
    CallGivenUp,
    CallSettled,
    CallTurnedAway,
    CallWaits,
    Event,
)
from massgen_plugins.live.presence import Counters, WaitingCall

__all__ = ["Change", "Tracker"]


@dataclass(frozen=True, slots=True)
class Change:
    """What an event has changed.

    Attributes:
        began: A wait that has begun, or is longer or shorter than was told.
        ended: A wait that has ended.
        waited: How many seconds the ended wait took; None if the call did not leave.
        again: Whether ``began`` is of a wait that was known.
    """

    began: WaitingCall | None = None
    ended: WaitingCall | None = None
    waited: float | None = None
    again: bool = False


_NOTHING = Change()


class Tracker:
    """Told of every event, from any thread.

    Args:
        name_of: How an agent's name is shown.
    """

    def __init__(self, name_of: Callable[[str | None], str] = lambda name: name or "") -> None:
        self._name_of = name_of
        self._lock = threading.Lock()
        self._waiting: dict[int, WaitingCall] = {}
        self._calls = self._answered = self._refused = self._turned_away = self._waits = 0
        self._waited = 0.0

    def note(self, event: Event, now: float) -> Change:
        """Take an event into account.

        Args:
            event: What happened.
            now: Seconds since the epoch.
        """
        with self._lock:
            if isinstance(event, CallAdmitted):
                self._calls += 1
                self._waited += event.waited
                return self._ended(event.call, event.waited)
            if isinstance(event, CallSettled):
                self._answered += event.outcome == "answered"
                self._refused += event.outcome == "refused"
            elif isinstance(event, CallWaits):
                return self._begun(event, now)
            elif isinstance(event, CallTurnedAway):
                self._turned_away += 1
                return self._ended(event.call, None)
            elif isinstance(event, CallGivenUp):
                return self._ended(event.call, None)
            return _NOTHING

    @property
    def counters(self) -> Counters:
        """What was counted so far."""
        with self._lock:
            return Counters(
                self._calls, self._answered, self._refused, self._turned_away, self._waits, self._waited
            )

    def waiting(self) -> tuple[WaitingCall, ...]:
        """Who waits, in the order in which they leave, each at its present place.

        First come, first served: of those who wait for the same pool nobody leaves before one that came
        earlier, however old the estimate is that was made for it.
        """
        with self._lock:
            rows = sorted(self._waiting.values(), key=lambda each: (each.since, each.call))
        last: dict[tuple[str, ...], WaitingCall] = {}
        placed = []
        for row in rows:
            pool = row.provider, row.account, row.endpoint, row.model
            before = last.get(pool)
            place, until = (before.place, before.until) if before is not None else (0, row.until)
            last[pool] = replace(row, place=place + 1, until=max(row.until, until))
            placed.append(last[pool])
        return tuple(sorted(placed, key=lambda each: (each.until, each.since, each.call)))

    def _begun(self, event: CallWaits, now: float) -> Change:
        known = self._waiting.get(event.call)
        self._waits += known is None
        domain = event.pool.domain
        made = WaitingCall(
            event.call,
            event.run,
            self._name_of(event.agent_id),
            event.pool.name,
            domain.provider,
            domain.account,
            domain.endpoint,
            now if known is None else known.since,
            now + event.seconds,
            event.place + 1,
            event.limit,
            event.reason,
        )
        self._waiting[event.call] = made
        return Change(began=made, again=known is not None)

    def _ended(self, call: int, waited: float | None) -> Change:
        known = self._waiting.pop(call, None)
        return Change(ended=known, waited=waited) if known is not None else _NOTHING
