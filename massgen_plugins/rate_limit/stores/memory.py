"""Scopes in this process's memory: for one process alone, for tests, and when nothing can be shared."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from massgen_plugins.quota import Amounts, Scope, ScopeRules
from massgen_plugins.rate_limit.hold import Hold, News
from massgen_plugins.rate_limit.scope_state import ScopeState
from massgen_plugins.rate_limit.stores.base import ScopeUnknown, Taker
from massgen_plugins.rate_limit.stores.boot_clock import boot_tick
from massgen_plugins.rate_limit.stores.stateful import StatefulStore

__all__ = ["MemoryStore"]


class MemoryStore(StatefulStore):
    """Keeps scopes in memory; all threads and event loops of the process share them.

    Args:
        tick: The clock in nanoseconds; a monotonic one unless a test brings its own.
        wall: Nanoseconds since the epoch.
    """

    def __init__(
        self, tick: Callable[[], int] = time.monotonic_ns, wall: Callable[[], int] = time.time_ns
    ) -> None:
        super().__init__(wall)
        self._tick = tick
        self._lock = threading.Lock()
        self._fingerprint_key = secrets.token_bytes(32)
        self._states: dict[Scope, ScopeState] = {}

    @property
    def description(self) -> str:
        """For people: what and where."""
        return "memory of this process"

    def tick(self) -> int:
        """The store's clock in nanoseconds."""
        return self._tick()

    def fingerprint_key(self) -> bytes:
        """A secret of this process."""
        return self._fingerprint_key

    def forget(self, scope: Scope) -> None:
        """Drop everything known of a scope."""
        with self._lock:
            state = self._states.pop(scope, None)
            if state is not None:
                state.close()

    def close(self) -> None:
        """Nothing is held open."""

    def take(self, scope: Scope, amounts: Amounts, news: Sequence[Hold] = ()) -> Hold | None:
        """As in every store, without the cost of a transaction: there is nothing to undo."""
        return self.taker(scope, News(dict.fromkeys(news)))(amounts)

    def taker(self, scope: Scope, news: News) -> Taker:
        """What takes for this scope alone: nearly every call comes through here, so without detours."""
        state, lock, clock, late = self._states.get(scope), self._lock, self._tick, self._taken_late

        def take(amounts: Amounts) -> Hold | None:
            if state is None:
                return None
            with lock:
                tick = clock()
                return state.take(tick, amounts) or late(state, tick, amounts, news)

        return take

    def rebook(self, scope: Scope, news: Sequence[Hold]) -> None:
        """As in every store, without the cost of a transaction."""
        with self._lock:
            if scope in self._states:
                state = self._states[scope]
                self._rebook(state, self._now(state), news)

    def _steady(self, tick: int) -> int:
        """Asked only now and then, so windows need not have this clock, which costs more."""
        return boot_tick() if self._tick is time.monotonic_ns else tick

    @contextmanager
    def _transaction(
        self,
        scope: Scope,
        rules: ScopeRules | None = None,
        *,
        changing: bool = True,  # noqa: ARG002 - it is always kept
    ) -> Iterator[ScopeState]:
        with self._lock:
            state = self._states.get(scope)
            if state is None:
                if rules is None:
                    raise ScopeUnknown(scope)
                state = self._states[scope] = ScopeState(rules, born=time.time_ns())
            yield state

    def _scopes(self) -> list[Scope]:
        with self._lock:
            return list(self._states)
