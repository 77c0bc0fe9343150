"""The server's clock, as this machine sees it between two answers.

Every answer says what time the server had. That was between the question and the answer, so the difference
to this machine's clock is known to within the time that the exchange took; the best of many exchanges counts.
Where a range is left the later end is taken: what is stamped with it ages out too late rather than too early.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from massgen_plugins.quota import NANOSECONDS
from massgen_plugins.rate_limit.stores.boot_clock import boot_tick

__all__ = ["ServerClock"]

_DRIFT = 2000
"""Of so many nanoseconds, two machines' clocks differ by one at most: none is steered faster."""

_STEP = NANOSECONDS
"""A difference larger than this is no drift: the server's clock was set."""


class ServerClock:
    """Nanoseconds that never run backwards; used by all threads.

    Args:
        local: This machine's clock in nanoseconds.
    """

    def __init__(self, local: Callable[[], int] = boot_tick) -> None:
        self.local = local
        self._lock = threading.Lock()
        self._least: int | None = None  # what the server's clock is ahead of the local one, at least
        self._ahead = 0  # and at most
        self._learned_at = 0
        self._floor = 0
        self.kept = 0
        """Microseconds by which the server's clock was set back meanwhile."""

    @property
    def known(self) -> bool:
        """Whether the server has said anything yet."""
        return self._least is not None

    def tick(self) -> int:
        """The store's clock: the server's, but that it goes on when the server's is set back."""
        return max(self._floor, self.local() + self._ahead + self.kept * 1000)

    def learn(self, server: int, asked: int, answered: int) -> None:
        """The server's clock showed ``server`` microseconds between two local moments (nanoseconds)."""
        least, most = server * 1000 - answered, server * 1000 - asked
        with self._lock:
            drift = max(0, answered - self._learned_at) // _DRIFT
            self._learned_at = answered
            if self._least is None:
                self._least, self._ahead = least, most
                return
            self._floor = max(self._floor, answered + self._ahead + self.kept * 1000)
            if most < self._least - drift or self._ahead + drift < least:  # it was set
                if most < self._least - _STEP:
                    self.kept += (self._ahead - most) // 1000
                self._least, self._ahead = least, most
            else:
                self._least, self._ahead = max(self._least - drift, least), min(self._ahead + drift, most)
