"""Slow start where no limit paces calls: few unanswered calls at a time. Pure: ticks are arguments.

An unknown limit shows only in a refusal, and every call unanswered by then may be refused, too. So at most
two calls, or an eighth of those served so far, may be unanswered. It ends once a limit on requests is known.
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
"""Nanoseconds after which a call counts as slow rather than as one that may still be refused."""

_REMEMBERED_FOR = 60 * NANOSECONDS
_MOST = 1000


@dataclass(slots=True)
class _Path:
    """The calls of one pool.

    Attributes:
        unanswered: Unanswered calls, with the tick at which each stops counting.
        served: Calls served since the last refusal.
    """

    unanswered: dict[object, int] = field(default_factory=dict)
    served: int = 0


class SlowStart:
    """A process's calls in the pools of a domain that no limit paces.

    Attributes:
        paths: The calls of each such pool.

    Args:
        is_paced: Whether a limit of any of the pools paces calls.
    """

    def __init__(self, is_paced: Callable[[Sequence[str]], bool]) -> None:
        self._is_paced = is_paced
        self.paths: dict[str, _Path] = {}
        self._recent: deque[tuple[int, Reservation]] = deque(maxlen=_MOST)

    def blocker(self, ask: Ask, now: int) -> Blocker | None:
        """What slow start keeps a call waiting for, if anything."""
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
        """Record that a call leaves."""
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
        """Record that a call was answered or failed; True if others may leave now."""
        path = self.paths.get(_key(ask))
        return path is not None and path.unanswered.pop(ask.call, None) is not None

    def served(self, ask: Ask) -> None:
        """Record that a call was served."""
        path = self.paths.get(_key(ask))
        if path is not None:
            path.served += 1

    def refused(self, ask: Ask) -> None:
        """Record a refusal: earlier successes no longer count."""
        path = self.paths.get(_key(ask))
        if path is not None:
            path.served = 0

    def recent(self) -> list[Reservation]:
        """The calls of the last minute, to book in a limit that is learned now."""
        return [call for _, call in self._recent]


def _key(ask: Ask) -> str:
    """The pool that the call shares with other models, if any, else its model's own."""
    return ask.pools[-2] if len(ask.pools) > 1 else ask.pools[0]
