"""When the shared store fails: this process goes on by itself, says so once, and tries again later."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from massgen_plugins.errors import StoreUnavailable
from massgen_plugins.middleware import Refusal
from massgen_plugins.quota import Amounts, Scope, ScopeRules
from massgen_plugins.rate_limit.hold import Hold
from massgen_plugins.rate_limit.line import Bid
from massgen_plugins.rate_limit.scope_state import Decision
from massgen_plugins.rate_limit.stores.base import ScopeView, Store
from massgen_plugins.rate_limit.stores.memory import MemoryStore

__all__ = ["FallbackStore"]

T = TypeVar("T")

_RETRY = 30.0
"""Seconds until a failed store is tried again."""


class FallbackStore:
    """A store that never becomes unavailable.

    Args:
        shared: The store to use while it works.
        report: Told, in one sentence, when it fails and when it works again.
    """

    def __init__(self, shared: Store, report: Callable[[str], None]) -> None:
        self._shared = shared
        self._report = report
        self._own: MemoryStore | None = None
        self._retry_at = 0.0
        self._rules: dict[Scope, ScopeRules] = {}

    @property
    def description(self) -> str:
        """For people: what and where."""
        return self._shared.description if self._own is None else f"{self._own.description} (for now)"

    def tick(self) -> int:
        """The shared store's clock; this process's own if the store never opened."""
        try:
            return self._shared.tick()
        except StoreUnavailable:
            return time.monotonic_ns()

    def fingerprint_key(self) -> bytes:
        """The shared store's secret; this process's own if the store never opened."""
        return self._do(lambda store: store.fingerprint_key())

    def configure(self, scope: Scope, rules: ScopeRules) -> None:
        """Let these rules hold in a scope."""
        self._rules[scope] = rules
        self._do(lambda store: store.configure(scope, rules))

    def take(self, scope: Scope, amounts: Amounts) -> Hold | None:
        """Grant a call at once if nobody waits and all is well."""
        return self._do(lambda store: store.take(scope, amounts))

    def admit(self, scope: Scope, lane: str, bids: Sequence[Bid], news: Sequence[Hold] = ()) -> Decision:
        """Grant the lane's bids from the first on until one cannot leave now."""
        return self._do(lambda store: store.admit(scope, lane, bids, news))

    def leave(self, scope: Scope, lane: str) -> None:
        """The lane waits no more."""
        self._do(lambda store: store.leave(scope, lane))

    def rebook(self, scope: Scope, news: Sequence[Hold]) -> None:
        """Take note of what is true of these calls by now."""
        self._do(lambda store: store.rebook(scope, news))

    def refused(self, scope: Scope, refusal: Refusal, begun: int) -> bool:
        """Learn from a refusal."""
        return self._do(lambda store: store.refused(scope, refusal, begun))

    def succeeded(self, scope: Scope, begun: int) -> None:
        """Learn from an answer."""
        self._do(lambda store: store.succeeded(scope, begun))

    def forecast(self, scope: Scope, lane: str, ahead: Sequence[Amounts], own: Amounts) -> int:
        """The tick at which ``own`` can leave."""
        return self._do(lambda store: store.forecast(scope, lane, ahead, own))

    def view(self) -> list[ScopeView]:
        """All scopes."""
        return self._do(lambda store: store.view())

    def unlearn(self, scope: Scope) -> None:
        """Forget what refusals have taught about a scope."""
        self._do(lambda store: store.unlearn(scope))

    def forget(self, scope: Scope) -> None:
        """Drop everything known of a scope."""
        self._do(lambda store: store.forget(scope))

    def close(self) -> None:
        """Release what is held open."""
        self._shared.close()

    def _do(self, operation: Callable[[Store], T]) -> T:
        if self._own is not None and time.monotonic() >= self._retry_at:
            self._come_back()
        if self._own is None:
            try:
                return operation(self._shared)
            except StoreUnavailable as error:
                self._go_alone(error)
        assert self._own is not None  # noqa: S101 - _go_alone has just made it
        return operation(self._own)

    def _go_alone(self, error: StoreUnavailable) -> None:
        self._own = MemoryStore(self.tick)
        self._retry_at = time.monotonic() + _RETRY
        for scope, rules in self._rules.items():
            self._own.configure(scope, rules)
        self._report(f"{error} This process keeps its quota by itself until the store works again.")

    def _come_back(self) -> None:
        self._retry_at = time.monotonic() + _RETRY
        try:
            for scope, rules in self._rules.items():
                self._shared.configure(scope, rules)
        except StoreUnavailable:
            return
        self._own = None
        self._report(f"{self._shared.description} works again; the quota is shared.")
