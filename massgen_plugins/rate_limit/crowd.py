"""Where calls wait in this process: who finds nobody waiting need not line up."""

from __future__ import annotations

import threading

from massgen_plugins.quota import Scope

__all__ = ["Crowd"]


class Crowd:
    """Counts this process's waiting calls by scope; used by all threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[Scope, int] = {}

    def __contains__(self, scope: Scope) -> bool:
        return scope in self._waiting

    def join(self, scope: Scope) -> None:
        """One more waits."""
        with self._lock:
            self._waiting[scope] = self._waiting.get(scope, 0) + 1

    def leave(self, scope: Scope) -> None:
        """One waits no more."""
        with self._lock:
            left = self._waiting[scope] - 1
            if left:
                self._waiting[scope] = left
            else:
                del self._waiting[scope]
