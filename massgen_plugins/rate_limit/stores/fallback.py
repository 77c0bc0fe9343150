"""When the shared store fails: this process goes on by itself, says so once, and tries again later."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from massgen_plugins.errors import CallRefused, StoreUnavailable, described
from massgen_plugins.middleware import Refusal
from massgen_plugins.quota import Amounts, Scope, ScopeRules
from massgen_plugins.rate_limit.decision import Decision
from massgen_plugins.rate_limit.hold import Hold, News
from massgen_plugins.rate_limit.line import Bid
from massgen_plugins.rate_limit.stores.base import ScopeUnknown, ScopeView, Store, Taker
from massgen_plugins.rate_limit.stores.beside import Beside

__all__ = ["FallbackStore"]

T = TypeVar("T")

_MEANT = (ScopeUnknown, CallRefused)
"""What a store that works says. Any other exception, whatever its type, means that it does not."""

_OPENING = 5.0
"""Seconds that a store may take to open; nobody's event loop stands still meanwhile."""

_RETRY = 30.0
"""Seconds until a failed store is tried again."""


class FallbackStore:
    """A store that never becomes unavailable.

    Args:
        shared: The store to use while it works.
        make_own: Makes the one to use while it does not; it is kept for the next time.
        report: Told, in one sentence, when it fails and when it works again.
        clock: What the shared store's clock will say about, as long as nobody can ask it: those who wait keep
            their tickets when it appears.
    """

    def __init__(
        self,
        shared: Store,
        make_own: Callable[[Callable[[], int]], Store],
        report: Callable[[str], None],
        clock: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._shared = shared
        self._clock = clock
        self._make_own = make_own
        self._report = report
        self._own: Store | None = None
        self._alone = False
        self._secret = b""
        self._opening = Beside(shared.fingerprint_key, "massgen-plugins-opening")
        self._retry_at = 0.0
        self._rules: dict[Scope, ScopeRules] = {}
        self._listener: Callable[[Scope | None], None] | None = None

    @property
    def on_room(self) -> Callable[[Scope | None], None] | None:
        """Called, in any thread, when somebody else has set something free."""
        return self._listener

    @on_room.setter
    def on_room(self, listener: Callable[[Scope | None], None] | None) -> None:
        self._listener = self._shared.on_room = listener

    @property
    def description(self) -> str:
        """For people: what and where."""
        return f"{self._own.description} (for now)" if self._alone and self._own else self._shared.description

    def tick(self) -> int:
        """The shared store's clock; this process's own if the store never opened."""
        if self._alone and not self._secret:
            return self._clock()
        try:
            return self._shared.tick()
        except Exception as error:  # see _MEANT
            self._go_alone(error)
            return self._clock()

    @property
    def settled(self) -> bool:
        """Whether it is known if the shared store can be used: if not, await :meth:`open`."""
        return bool(self._secret) or self._alone

    async def open(self) -> None:
        """Open the shared store beside the event loop; soon it is open, or this process is alone."""
        if not self.settled:
            try:
                self._secret = await self._opening.result(_OPENING)
            except TimeoutError:
                place = self._shared.description
                self._go_alone(StoreUnavailable(f"{place} cannot be used: it did not open in time."))
            except Exception as error:  # see _MEANT
                self._go_alone(error)

    def fingerprint_key(self) -> bytes:
        """The shared store's secret, also while it is away; this process's own if the store never opened."""
        if not self._secret:
            secret = self._do(lambda store: store.fingerprint_key())
            if self._alone:
                return secret
            self._secret = secret  # another one would name other accounts, whose quota is not spent yet
        return self._secret

    def taker(self, scope: Scope, news: News) -> Taker:
        """What grants calls at once, while the shared store works."""
        shared = self._shared.taker(scope, news)

        def take(amounts: Amounts) -> Hold | None:
            if self._alone:
                return None  # whether the shared store works again can only be awaited
            try:
                return shared(amounts)
            except _MEANT:
                raise
            except Exception as error:
                self._go_alone(error)
                return None

        return take

    @property
    def batch(self) -> int:
        """As the shared store wants it."""
        return self._shared.batch

    def post(self, scope: Scope, news: News) -> None:
        """Take note, soon, of what is true of these calls by then."""
        self._do(lambda store: store.post(scope, news))

    def leave(self, scope: Scope, lane: str) -> None:
        """The lane waits no more."""
        self._do(lambda store: store.leave(scope, lane))

    def flush(self) -> None:
        """Wait until everything that was posted is kept."""
        self._do(lambda store: store.flush())

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
        try:
            self._shared.close()
        finally:
            if self._own is not None:
                self._own.close()

    async def configure(self, scope: Scope, rules: ScopeRules) -> None:
        """Let these rules hold in a scope."""
        self._rules[scope] = rules
        await self._await(lambda store: store.configure(scope, rules))

    async def admit(self, scope: Scope, lane: str, bids: Sequence[Bid], news: Sequence[Hold]) -> Decision:
        """Grant the lane's bids from the first on until one cannot leave now."""
        return await self._await(lambda store: store.admit(scope, lane, bids, news))

    async def refused(self, scope: Scope, refusal: Refusal, begun: int) -> bool:
        """Learn from a refusal."""
        return await self._await(lambda store: store.refused(scope, refusal, begun))

    async def succeeded(self, scope: Scope, begun: int) -> None:
        """Learn from an answer."""
        await self._await(lambda store: store.succeeded(scope, begun))

    async def hear(self, scope: Scope, date: int, asked: int) -> None:
        """Learn what time it is where the scope's days begin."""
        await self._await(lambda store: store.hear(scope, date, asked))

    async def forecast(self, scope: Scope, lane: str, ahead: Amounts, own: Amounts) -> int:
        """The tick at which ``own`` can leave."""
        return await self._await(lambda store: store.forecast(scope, lane, ahead, own))

    def _do(self, operation: Callable[[Store], T]) -> T:
        if not self._alone:
            try:
                return operation(self._shared)
            except _MEANT:
                raise
            except Exception as error:
                self._go_alone(error)
        return operation(self._substitute())

    async def _await(self, operation: Callable[[Store], Awaitable[T]]) -> T:
        if self._alone and time.monotonic() >= self._retry_at:
            await self._come_back()
        await self.open()
        if not self._alone:
            try:
                return await operation(self._shared)
            except _MEANT:
                raise
            except Exception as error:
                self._go_alone(error)
        own = self._substitute()
        for scope, rules in list(self._rules.items()):
            await own.configure(scope, rules)
        return await operation(own)

    def _substitute(self) -> Store:
        if self._own is None:
            self._own = self._make_own(self.tick)
            self._own.on_room = self._listener
        return self._own

    def _go_alone(self, error: Exception) -> None:
        self._retry_at = time.monotonic() + _RETRY
        if not self._alone:
            self._alone = True
            own = self._substitute().description
            what = str(error) if isinstance(error, StoreUnavailable) else self._broken(error)
            self._report(f"{what} The quota is kept in {own} until the store works again.")

    def _broken(self, error: Exception) -> str:
        return f"{self._shared.description} cannot be used: {described(error)}."

    async def _come_back(self) -> None:
        self._retry_at = time.monotonic() + _RETRY
        try:
            if not self._secret:
                self._secret = await self._opening.result(_OPENING)
            for scope, rules in list(self._rules.items()):
                await self._shared.configure(scope, rules)
        except Exception:  # see _MEANT
            return
        self._alone = False
        self._report(f"{self._shared.description} works again; the quota is shared.")
