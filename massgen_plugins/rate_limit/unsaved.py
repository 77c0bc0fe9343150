"""What the store does not know yet: stamps and settlements that travel with the next transaction."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from massgen_plugins.quota import Scope
from massgen_plugins.rate_limit.hold import Hold

__all__ = ["Unsaved"]


class Unsaved:
    """Holds whose truth the store does not know yet, by scope; used by all threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._holds: dict[Scope, dict[Hold, None]] = {}

    def note(self, hold: Hold) -> None:
        """The truth of a hold has changed."""
        with self._lock:
            self._holds.setdefault(hold.scope, {})[hold] = None

    def scopes(self) -> list[Scope]:
        """Where there is news."""
        with self._lock:
            return list(self._holds)

    def take(self, scope: Scope) -> list[Hold]:
        """The news of a scope, which from now on is the caller's."""
        with self._lock:
            return list(self._holds.pop(scope, ()))

    @contextmanager
    def news(self, scope: Scope) -> Iterator[list[Hold]]:
        """The news of a scope; it counts as told unless the block raises."""
        holds = self.take(scope)
        try:
            yield holds
        except BaseException:
            for hold in holds:
                self.note(hold)
            raise
