"""Scopes in a Redis server, shared by all machines that can reach it."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import TypeVar
from weakref import ref

from massgen_plugins.errors import StoreUnavailable
from massgen_plugins.middleware import Refusal
from massgen_plugins.quota import Amounts, Scope, ScopeRules
from massgen_plugins.rate_limit.decision import Decision
from massgen_plugins.rate_limit.hold import Hold, News
from massgen_plugins.rate_limit.line import Bid
from massgen_plugins.rate_limit.stores.base import ScopeView, Taker
from massgen_plugins.rate_limit.stores.redis.address import Address
from massgen_plugins.rate_limit.stores.redis.client import Driver
from massgen_plugins.rate_limit.stores.redis.clock import ServerClock
from massgen_plugins.rate_limit.stores.redis.keys import keys_of
from massgen_plugins.rate_limit.stores.redis.library import Library
from massgen_plugins.rate_limit.stores.redis.news import Outbox
from massgen_plugins.rate_limit.stores.redis.operations import Operations
from massgen_plugins.rate_limit.stores.redis.stations import Station, Stations
from massgen_plugins.rate_limit.stores.redis.steps import Lost, Steps
from massgen_plugins.rate_limit.stores.redis.upkeep import Upkeep

__all__ = ["RedisStore"]

T = TypeVar("T")


class RedisStore:
    """Keeps scopes in a server. What is awaited takes one exchange with it, as a rule.

    Args:
        address: Where the server is.
        report: Told, in one sentence, when something that cannot be read had to be set aside.
        moment: The server's clock in microseconds, in tests; 0 for its own.
    """

    def __init__(
        self,
        address: Address,
        report: Callable[[str], None] = lambda _: None,
        *,
        moment: Callable[[], int] = int,
    ) -> None:
        self.on_room: Callable[[Scope | None], None] | None = None
        self._address = address
        self._clock = ServerClock()
        self._driver = Driver(address, self._clock)
        self._stations = Stations(self._driver.client, self._heard)
        self._outbox = Outbox()
        library = Library(str(address), self._clock, report, moment)
        self._operations = Operations(library, self._outbox)
        self._upkeep = Upkeep(library)
        self._secret = b""
        self._scopes: dict[str, Scope] = {}
        """By the name of the book, for whoever hears of room in it."""
        self._leaving: dict[tuple[Scope, str], None] = {}
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=partial(_fork, ref(self)))

    @property
    def description(self) -> str:
        """For people: what and where."""
        return str(self._address)

    @property
    def batch(self) -> int:
        """What one call has given back, another machine may be waiting for."""
        return 1

    @property
    def was_open(self) -> bool:
        """Whether the server has ever answered."""
        return self._clock.known

    def tick(self) -> int:
        """The server's clock in nanoseconds; the server is asked once, when this is first used."""
        if not self._clock.known:
            self.fingerprint_key()
        return self._clock.tick()

    def fingerprint_key(self) -> bytes:
        """A secret of this server: a fingerprint tells nothing to whoever may not read it."""
        if not self._secret:
            self._secret = self._driver.drive_here(self._upkeep.open())
        return self._secret

    def view(self) -> list[ScopeView]:
        """All scopes, for people to look at."""
        return self._driver.drive_here(self._upkeep.view())

    def unlearn(self, scope: Scope) -> None:
        """Forget what refusals have taught about a scope; what was spent stays spent."""
        self._driver.drive_here(self._upkeep.unlearn(scope))

    def forget(self, scope: Scope) -> None:
        """Drop everything known of a scope."""
        self._driver.drive_here(self._upkeep.forget(scope))

    def taker(self, scope: Scope, news: News) -> Taker:  # noqa: ARG002 - every store has it
        """What never grants: a server has to be asked."""
        return lambda _: None

    def post(self, scope: Scope, news: News) -> None:
        """Take note, soon, of what is true of these calls by now."""
        self._outbox.keep(scope, news.taken())
        self._send_courier()

    def leave(self, scope: Scope, lane: str) -> None:
        """The lane waits no more."""
        self._leaving[scope, lane] = None
        self._send_courier()

    def flush(self) -> None:
        """Wait, for seconds at most, until everything that was posted is kept."""
        if not (self._leaving or self._outbox.scopes()):
            return
        with suppress(StoreUnavailable):
            self._driver.drive_here(self._operations.tell_all(self._leaving))

    def close(self) -> None:
        """Bring the server up to date; clients close with their event loops."""
        self._outbox.give_up()
        self.flush()

    async def configure(self, scope: Scope, rules: ScopeRules) -> None:
        """Let these rules hold in a scope, for everybody; makes the scope if there is none."""
        self._scopes[keys_of(scope)[0]] = scope
        await self._do(lambda: self._upkeep.configure(scope, rules))

    async def admit(self, scope: Scope, lane: str, bids: Sequence[Bid], news: Sequence[Hold]) -> Decision:
        """Rebook ``news``, then grant the lane's bids from the first on until one cannot leave now."""
        if news:
            self._outbox.keep(scope, news)
        station = self._stations.here()
        try:
            decision = await self._driver.drive(station, self._operations.admit(scope, lane, bids))
        except Lost:  # whoever asks twice takes more than it needs, never less
            decision = await self._driver.drive(station, self._operations.admit(scope, lane, bids))
        if decision.blocker is not None and not decision.blocker.final:
            station.listener.attend(scope, lane)
        elif station.listener.waiting:
            station.listener.rest(scope, lane)
        if self._outbox.waiting:
            self._send_courier()
        return decision

    async def refused(self, scope: Scope, refusal: Refusal, begun: int) -> bool:
        """Learn from the refusal of a call that left at tick ``begun``; True if a limit was lowered by it."""
        return await self._do(lambda: self._upkeep.refused(scope, refusal, begun))

    async def succeeded(self, scope: Scope, begun: int) -> None:
        """Learn from the answer to a call that left at tick ``begun``."""
        await self._do(lambda: self._upkeep.succeeded(scope, begun))

    async def hear(self, scope: Scope, date: int, asked: int) -> None:
        """Days are those of the server's clock, which all machines share: nothing to learn."""

    async def forecast(self, scope: Scope, lane: str, ahead: Amounts, own: Amounts) -> int:
        """The tick at which ``own`` can leave after ``ahead`` of its lane; an estimate from below."""
        return await self._do(lambda: self._operations.forecast(scope, lane, ahead, own))

    async def _do(self, operation: Callable[[], Steps[T]]) -> T:
        """Once more if the connection broke."""
        station = self._stations.here()
        try:
            return await self._driver.drive(station, operation())
        except Lost:
            return await self._driver.drive(station, operation())

    def _send_courier(self) -> None:
        if not (self._leaving or self._outbox.scopes()):
            return  # what there is waits for an answer that is on its way
        try:
            station = self._stations.here()
        except RuntimeError:  # no event loop runs here: it travels with the next call, or at the end
            return
        station.send(self._deliver)

    async def _deliver(self, station: Station) -> None:
        for scope, lane in list(self._leaving):
            station.listener.rest(scope, lane)
        with suppress(StoreUnavailable):  # what could not be told waits for the next call
            await self._driver.drive(station, self._operations.tell_all(self._leaving))

    def _heard(self, book: str) -> None:
        scope = self._scopes.get(book)
        if scope is not None and self.on_room is not None:
            self.on_room(scope)


def _fork(known: ref[RedisStore]) -> None:
    """In a forked child: what the parent has opened is the parent's."""
    store = known()
    if store is not None:
        store._stations.forget()  # noqa: SLF001 - the store's own
        store._operations.rename()  # noqa: SLF001
