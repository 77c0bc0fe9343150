"""Brings the store what is true of calls, at once or with the next transaction, however busy the store is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from massgen_plugins.quota import Amounts, Scope, ScopeRules
from massgen_plugins.rate_limit.hold import Hold
from massgen_plugins.rate_limit.line import Bid
from massgen_plugins.rate_limit.scope_state import Decision
from massgen_plugins.rate_limit.stores.base import ScopeUnknown, Store, StoreBusy
from massgen_plugins.rate_limit.unsaved import Unsaved

__all__ = ["Bookkeeper"]

T = TypeVar("T")

_TRIES = 20
"""Each waits a few milliseconds inside the store: enough for any transaction of others, short for a loop."""


class Bookkeeper:
    """Speaks with the store for the limiter. All methods may be called from any thread.

    Args:
        store: Where the scopes live.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._rules: dict[Scope, ScopeRules] = {}
        self._unsaved = Unsaved()

    def rules(self, scope: Scope) -> ScopeRules:
        """What was configured for a scope."""
        return self._rules[scope]

    def configure(self, scope: Scope, rules: ScopeRules) -> bool:
        """Let these rules hold; False if they did already.

        Raises:
            StoreBusy: Nothing happened.
        """
        known = self._rules.get(scope)
        if known is rules or known == rules:
            return False
        self._store.configure(scope, rules)
        self._rules[scope] = rules
        return True

    def take(self, scope: Scope, amounts: Amounts) -> Hold | None:
        """Grant a call at once; None: it has to be asked with :meth:`admit`."""
        try:
            hold = self._store.take(scope, amounts)
        except (StoreBusy, ScopeUnknown):
            return None
        if hold is not None:
            hold.scope = scope
        return hold

    def admit(self, scope: Scope, lane: str, bids: Sequence[Bid]) -> Decision:
        """Tell the news of a scope, and ask for these bids.

        Raises:
            StoreBusy: Nothing happened.
        """
        with self._unsaved.news(scope) as news:
            decision = self._known(scope, lambda: self._store.admit(scope, lane, bids, news))
        for hold in decision.holds:
            hold.scope = scope
        return decision

    def note(self, hold: Hold) -> None:
        """This is not urgent: it travels with the next transaction."""
        self._unsaved.note(hold)

    def tell(self, hold: Hold) -> None:
        """This is urgent."""
        self._unsaved.note(hold)
        self._save(hold.scope)

    def flush(self) -> None:
        """Bring the store up to date with everything that could wait."""
        for scope in self._unsaved.scopes():
            self._save(scope)

    def insist(self, scope: Scope, operation: Callable[[], T]) -> T | None:
        """Do it even if the store is busy at first; None if it stays so."""
        for _ in range(_TRIES):
            try:
                return self._known(scope, operation)
            except StoreBusy:
                continue
        return None

    def _save(self, scope: Scope) -> None:
        news = self._unsaved.take(scope)
        try:
            self._store.rebook(scope, news)
        except (StoreBusy, ScopeUnknown):
            for hold in news:
                self._unsaved.note(hold)
            self.insist(scope, lambda: self._save_all(scope))

    def _save_all(self, scope: Scope) -> None:
        with self._unsaved.news(scope) as news:
            self._store.rebook(scope, news)

    def _known(self, scope: Scope, operation: Callable[[], T]) -> T:
        """Do it, also when the scope was forgotten meanwhile (by hand, or with a file that was set aside)."""
        try:
            return operation()
        except ScopeUnknown:
            self._store.configure(scope, self._rules[scope])
            return operation()
