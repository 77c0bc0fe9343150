"""The server's clock, estimated between replies.

Every reply carries the server's time at some moment between request and reply, so the difference to this
machine's clock is known to within the round trip; many exchanges narrow it. Of the remaining range the upper
end is used, so that stamps age out late rather than early.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from massgen_plugins.quota import NANOSECONDS
from massgen_plugins.rate_limit.stores.boot_clock import boot_tick

__all__ = ["ServerClock"]

_DRIFT = 2000
"""Two clocks drift apart by at most 1 in 2000 (500 ppm), the fastest rate at which clocks are slewed."""

_STEP = NANOSECONDS
"""A larger difference is not drift: the server's clock was set."""


class ServerClock:
    """Nanoseconds that never run backwards. Thread-safe.

    Args:
        local: This machine's clock in nanoseconds.
    """

    def __init__(self, local: Callable[[], int] = boot_tick) -> None:
        self.local = local
        self._lock = threading.Lock()
        self._low: int | None = None  # nanoseconds that the server is ahead, at least
        self._high = 0  # and at most
        self._learned_at = 0
        self._floor = 0
        self.set_back = 0
        """Microseconds by which the server's clock was set back so far."""

    @property
    def known(self) -> bool:
        """Whether the server has replied yet."""
        return self._low is not None

    def tick(self) -> int:
        """The store's clock: the server's, except that it continues when that is set back."""
        return max(self._floor, self.local() + self._high + self.set_back * 1000)

    def learn(self, server: int, asked: int, answered: int) -> None:
        """Learn a reading of the server's clock (microseconds) between two local ticks (nanoseconds)."""
        least, most = server * 1000 - answered, server * 1000 - asked
        with self._lock:
            drift = max(0, answered - self._learned_at) // _DRIFT
            self._learned_at = answered
            if self._low is None:
                self._low, self._high = least, most
                return
            self._floor = max(self._floor, answered + self._high + self.set_back * 1000)
            if most < self._low - drift or self._high + drift < least:  # it was set
                if most < self._low - _STEP:
                    self.set_back += (self._high - most) // 1000
                self._low, self._high = least, most
            else:
                self._low, self._high = max(self._low - drift, least), min(self._high + drift, most)
