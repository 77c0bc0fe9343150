"""What the store does not know yet: stamps and settlements that travel with the next transaction."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from massgen_plugins.quota import Scope
from massgen_plugins.rate_limit.hold import Hold

__all__ = ["Unsaved"]


class Unsaved:
    """Holds whose truth the store does not know yet, by scope.

    Used by all threads without a lock: each step is one operation on a dictionary.
    """

    def __init__(self) -> None:
        self._holds: dict[Scope, dict[Hold, None]] = {}

    def note(self, hold: Hold) -> None:
        """The truth of a hold has changed."""
        holds = self._holds.get(hold.scope)
        if holds is None:
            holds = self._holds.setdefault(hold.scope, {})
        holds[hold] = None

    def scopes(self) -> list[Scope]:
        """Where there is news."""
        return list(self._holds)

    def take(self, scope: Scope) -> list[Hold]:
        """The news of a scope, which from now on is the caller's."""
        holds = self._holds.pop(scope, None)
        return list(holds) if holds else []

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
