"""Makes a local store what a limiter uses: it answers at once if it is free, and in a thread if it is not."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from concurrent.futures import TimeoutError as TooLate
from contextlib import suppress
from functools import partial
from typing import TypeVar

from massgen_plugins.errors import StoreUnavailable
from massgen_plugins.middleware import Refusal
from massgen_plugins.quota import Amounts, Scope, ScopeRules
from massgen_plugins.rate_limit.decision import Decision
from massgen_plugins.rate_limit.hold import Hold, News
from massgen_plugins.rate_limit.line import Bid
from massgen_plugins.rate_limit.stores.base import (
    LocalStore,
    ScopeUnknown,
    ScopeView,
    Store,
    StoreBusy,
    Taker,
)
from massgen_plugins.rate_limit.stores.clerk import Clerk

__all__ = ["BATCH", "Awaited", "awaited"]

T = TypeVar("T")

_PAUSE = 0.005

BATCH = 64
"""News of so many calls is told to a store of this process alone at once: it is in no hurry."""

_PATIENCE = 5.0
"""Seconds after which a store that is held by somebody else counts as unavailable."""


def awaited(store: Store | LocalStore, *, beside: bool = False) -> Store:
    """The store itself, if it is made for being awaited; else one that does its work in it."""
    return Awaited(store, beside=beside) if isinstance(store, LocalStore) else store


class Awaited:
    """A store over a local one.

    Args:
        local: Does the work.
        beside: Whether a scope is read for the first time in a thread, however much there is to read.
    """

    def __init__(self, local: LocalStore, *, beside: bool = False) -> None:
        self._local = local
        self._beside = beside
        self._clerk = Clerk("massgen-plugins-store", self._write)
        self._posted: dict[Scope, News] = {}
        self.batch = 1 if local.shared else BATCH
        """How much news may pile up before it is worth a :meth:`post`."""

    @property
    def description(self) -> str:
        """For people: what and where."""
        return self._local.description

    @property
    def on_room(self) -> Callable[[Scope | None], None] | None:
        """Called, in any thread, when another process has set something free."""
        return self._local.on_room

    @on_room.setter
    def on_room(self, listener: Callable[[Scope | None], None] | None) -> None:
        self._local.on_room = listener

    def tick(self) -> int:
        """The local store's clock."""
        return self._local.tick()

    def fingerprint_key(self) -> bytes:
        """The local store's secret."""
        return self._at_once(self._local.fingerprint_key)

    def view(self) -> list[ScopeView]:
        """All scopes, for people to look at."""
        return self._at_once(self._local.view)

    def unlearn(self, scope: Scope) -> None:
        """Forget what refusals have taught about a scope."""
        self._at_once(lambda: self._local.unlearn(scope))

    def forget(self, scope: Scope) -> None:
        """Drop everything known of a scope."""
        self._at_once(lambda: self._local.forget(scope))

    def close(self) -> None:
        """Release what is held open."""
        self._local.close()

    def taker(self, scope: Scope, news: News) -> Taker:
        """What grants calls at once, and takes the news along."""
        return partial(self._take, scope, news) if self._local.shared else self._local.taker(scope, news)

    def post(self, scope: Scope, news: News) -> None:
        """Take note, soon, of what is true of these calls by then; travels with a call that is taken."""
        if not self._local.shared:
            self._local.rebook(scope, news.taken())
        elif news:
            self._posted[scope] = news
            self._clerk.remind()

    def leave(self, scope: Scope, lane: str) -> None:
        """The lane waits no more."""
        if self._local.shared:
            self._clerk.submit(lambda: self._patiently(lambda: self._local.leave(scope, lane)))
        else:
            with suppress(ScopeUnknown):
                self._local.leave(scope, lane)

    def flush(self) -> None:
        """Wait, for seconds at most, until everything that was posted is kept."""
        if self._clerk.at_work:
            with suppress(TooLate):
                self._clerk.submit(self._write).result(_PATIENCE)

    async def configure(self, scope: Scope, rules: ScopeRules) -> None:
        """Let these rules hold in a scope, for everybody."""
        way = self._by_the_clerk if self._beside else self._do
        await way(lambda: self._local.configure(scope, rules))

    async def admit(self, scope: Scope, lane: str, bids: Sequence[Bid], news: Sequence[Hold]) -> Decision:
        """Rebook ``news``, then grant the lane's bids from the first on until one cannot leave now."""
        return await self._do(lambda: self._local.admit(scope, lane, bids, news))

    async def refused(self, scope: Scope, refusal: Refusal, begun: int) -> bool:
        """Learn from a refusal."""
        return await self._do(lambda: self._local.refused(scope, refusal, begun))

    async def succeeded(self, scope: Scope, begun: int) -> None:
        """Learn from an answer."""
        await self._do(lambda: self._local.succeeded(scope, begun))

    async def hear(self, scope: Scope, date: int, asked: int) -> None:
        """Learn what time it is where the scope's days begin."""
        await self._do(lambda: self._local.hear(scope, date, asked))

    async def forecast(self, scope: Scope, lane: str, ahead: Amounts, own: Amounts) -> int:
        """The tick at which ``own`` can leave."""
        return await self._do(lambda: self._local.forecast(scope, lane, ahead, own))

    async def _do(self, operation: Callable[[], T]) -> T:
        if self._local.wants_upkeep:
            self._clerk.submit(self._keep_up)
        try:
            return operation()
        except StoreBusy:
            return await self._by_the_clerk(operation)

    async def _by_the_clerk(self, operation: Callable[[], T]) -> T:
        done = self._clerk.submit(lambda: self._patiently(operation))
        try:
            return await asyncio.wait_for(asyncio.wrap_future(done), _PATIENCE)
        except TimeoutError as error:
            raise self._locked_out() from error

    def _at_once(self, operation: Callable[[], T]) -> T:
        try:
            return operation()
        except StoreBusy:
            done = self._clerk.submit(lambda: self._patiently(operation))
        try:
            return done.result(_PATIENCE)
        except TooLate as error:
            raise self._locked_out() from error

    def _patiently(self, operation: Callable[[], T]) -> T:
        deadline = time.monotonic() + _PATIENCE
        with self._local.patiently():
            while True:
                try:
                    return operation()
                except StoreBusy:  # a damaged file was set aside, or a program that knows no turns holds it
                    if time.monotonic() > deadline:
                        raise self._locked_out() from None
                    time.sleep(_PAUSE)

    def _take(self, scope: Scope, news: News, amounts: Amounts) -> Hold | None:
        told = news.taken() if news else ()
        try:
            return self._local.take(scope, amounts, told)
        except BaseException as error:
            news.put_back(told)
            self.post(scope, news)
            if isinstance(error, StoreBusy | ScopeUnknown):
                return None
            raise

    def _write(self) -> None:
        """Runs in the clerk's thread. What cannot be kept stays spent, which is the safe side."""
        for scope in list(self._posted):
            posted = self._posted.pop(scope, None)
            news = posted.taken() if posted else ()
            if news:
                with suppress(ScopeUnknown, StoreUnavailable):
                    self._patiently(partial(self._local.rebook, scope, news))
        self._keep_up()

    def _keep_up(self) -> None:
        """Runs in the clerk's thread."""
        if self._local.wants_upkeep:
            with suppress(StoreUnavailable):
                self._patiently(self._local.upkeep)

    def _locked_out(self) -> StoreUnavailable:
        return StoreUnavailable(f"{self.description} has been locked by another program for {_PATIENCE:g} s.")
