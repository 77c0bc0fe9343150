"""Slow start where nobody knows how fast calls may follow each other: few without an answer at a time.

A limit that was neither declared nor announced shows itself by a refusal, and every call that is without an
answer by then can be refused as well. So no more than two leave before one of them is answered, or an eighth
of what was served so far. It ends as soon as a limit on requests is known. Pure: ticks are arguments.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from massgen_plugins.quota import NANOSECONDS
from massgen_plugins.rate_limit.reservation import URGENT, Ask, Reservation
from massgen_plugins.rate_limit.verdict import Blocker, Reason

__all__ = ["SlowStart"]

_FEWEST = 2
_SHARE = 8
_UNANSWERED_FOR = 10 * NANOSECONDS
"""Nanoseconds after which a call counts as served slowly, and no longer as one that may be refused."""

_REMEMBERED_FOR = 60 * NANOSECONDS
_MOST = 1000


@dataclass(slots=True)
class _Path:
    """The calls of one pool.

    Attributes:
        unanswered: Those that left and were not answered, to the tick from which they count no more.
        served: How many were served since the last refusal that named no limit.
    """

    unanswered: dict[object, int] = field(default_factory=dict)
    served: int = 0


class SlowStart:
    """The calls of a process in a domain whose pace is not known.

    Attributes:
        paths: The calls of each pool; empty if the pace of all is known.

    Args:
        is_paced: Whether a limit of some pools says how fast calls may follow each other.
    """

    def __init__(self, is_paced: Callable[[Sequence[str]], bool]) -> None:
        self._is_paced = is_paced
        self.paths: dict[str, _Path] = {}
        self._recent: deque[tuple[int, Reservation]] = deque(maxlen=_MOST)

    def blocker(self, ask: Ask, now: int) -> Blocker | None:
        """What keeps a call waiting; None: nothing of this kind."""
        path = self.paths.get(_key(ask))
        if path is None or len(path.unanswered) < _FEWEST or ask.priority == URGENT:
            return None
        if self._is_paced(ask.pools):
            return None
        open_until = sorted(until for until in path.unanswered.values() if until > now)
        most = max(_FEWEST, path.served // _SHARE)
        if len(open_until) < most:
            return None
        return Blocker(Reason.STARTUP, ask.pools[0], open_until[-most])

    def granted(self, call: Reservation, now: int) -> None:
        """A call leaves."""
        ask = call.ask
        if self._is_paced(ask.pools):
            self.paths.pop(_key(ask), None)
            return
        path = self.paths.setdefault(_key(ask), _Path())
        path.unanswered = {each: until for each, until in path.unanswered.items() if until > now}
        path.unanswered[ask.call] = now + _UNANSWERED_FOR
        while self._recent and self._recent[0][0] + _REMEMBERED_FOR < now:
            self._recent.popleft()
        self._recent.append((now, call))

    def ended(self, ask: Ask) -> bool:
        """A call was answered, or came to nothing: True if others may go on now."""
        path = self.paths.get(_key(ask))
        return path is not None and path.unanswered.pop(ask.call, None) is not None

    def served(self, ask: Ask) -> None:
        """A call was answered, and not refused."""
        path = self.paths.get(_key(ask))
        if path is not None:
            path.served += 1

    def refused(self, ask: Ask) -> None:
        """A call was refused: what was served before says nothing any more."""
        path = self.paths.get(_key(ask))
        if path is not None:
            path.served = 0

    def recent(self) -> list[Reservation]:
        """The calls of the last minute, so that a limit that is learned counts them from the beginning."""
        return [call for _, call in self._recent]


def _key(ask: Ask) -> str:
    """The pool of several models that a call books in, if there is one, else its model's own."""
    return ask.pools[-2] if len(ask.pools) > 1 else ask.pools[0]
