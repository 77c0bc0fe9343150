"""News of calls on its way to the server: each call's at most once at a time, and none is lost."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from massgen_plugins.quota import Scope
from massgen_plugins.rate_limit.hold import NOT_YET, Booked, Hold
from massgen_plugins.rate_limit.lanes import pack, unpack
from massgen_plugins.rate_limit.stores.redis.layout import BookLanes

__all__ = ["News", "Outbox"]


class News(NamedTuple):
    """What a server is told of one call.

    Attributes:
        hold: The call.
        booked: What the server will know of it.
    """

    hold: Hold
    booked: Booked

    @property
    def landing(self) -> bool:
        """Whether it says that the call is not on its way any more."""
        return self.hold.booked[1] == NOT_YET > self.booked[1]


class Outbox:
    """Holds whose truth the server does not know yet; used by all threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.waiting: dict[Scope, dict[Hold, None]] = {}
        """Empty if there is nothing to be told."""
        self._underway: dict[Hold, tuple[Scope, News]] = {}

    def keep(self, scope: Scope, holds: Iterable[Hold]) -> None:
        """The truth of these has changed; the next message has to say so."""
        with self._lock:
            self.waiting.setdefault(scope, {}).update(dict.fromkeys(holds))

    def scopes(self) -> list[Scope]:
        """Where there is something that can be told now."""
        with self._lock:
            return [scope for scope, holds in self.waiting.items() if holds.keys() - self._underway.keys()]

    def drop(self, scope: Scope) -> None:
        """Nobody wants to hear of this scope any more."""
        with self._lock:
            self.waiting.pop(scope, None)

    def take(self, scope: Scope, born: int, lanes: BookLanes) -> Sequence[News]:
        """What can be told now; what is underway already waits for that."""
        with self._lock:
            waiting = self.waiting.pop(scope, {})
            busy = {hold: None for hold in waiting if hold in self._underway}
            if busy:
                self.waiting[scope] = busy
            told = []
            for hold in waiting:
                if hold.page.born == born and hold not in busy:
                    if hold.page.lanes is not lanes:
                        _fit(hold, lanes)
                    news = News(hold, (hold.begun, hold.arrived, hold.row))
                    if news.booked != hold.booked:
                        self._underway[hold] = scope, news
                        told.append(news)
            return told

    def told(self, news: Sequence[News]) -> None:
        """The server knows."""
        with self._lock:
            for hold, booked in news:
                self._underway.pop(hold, None)
                hold.booked = booked

    def untold(self, scope: Scope, news: Sequence[News]) -> None:
        """The server did not take note."""
        self._end(scope, news, lost=False)

    def lost(self, scope: Scope, news: Sequence[News]) -> None:
        """Nobody knows whether the server took note.

        The least of what it may have booked is taken for what it has: so nothing is given back twice, and
        nothing ages out early.
        """
        self._end(scope, news, lost=True)

    def give_up(self) -> None:
        """No answer to anything will come any more."""
        with self._lock:
            underway = list(self._underway.values())
        for scope, news in underway:
            self.lost(scope, [news])

    def _end(self, scope: Scope, news: Sequence[News], *, lost: bool) -> None:
        with self._lock:
            for hold, booked in news:
                self._underway.pop(hold, None)
                if lost:
                    hold.booked = _least(hold.booked, booked, len(hold.page.lanes.limits))
            self.waiting.setdefault(scope, {}).update(dict.fromkeys(hold for hold, _ in news))


def _fit(hold: Hold, lanes: BookLanes) -> None:
    """Read a hold by other limits, and its ticks by another clock if the server's was set back meanwhile."""
    old = hold.page.lanes
    skew = old.skew if isinstance(old, BookLanes) else lanes.skew
    hold.fit_to(lanes)
    if skew != lanes.skew:
        change = (skew - lanes.skew) * 1000
        begun, arrived, row = hold.booked
        # What is true has the same clock as what is booked, unless it was learned since then.
        hold.begun += change if hold.begun == begun else 0
        hold.arrived += change if hold.arrived == arrived < NOT_YET else 0
        hold.booked = begun + change, arrived + change if arrived < NOT_YET else arrived, row


def _least(one: Booked, other: Booked, limits: int) -> Booked:
    rows = zip(unpack(one[2], limits), unpack(other[2], limits), strict=True)
    return min(one[0], other[0]), min(one[1], other[1]), pack(map(min, rows))
