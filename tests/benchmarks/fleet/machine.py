"""One machine of the fleet: our limiter over our Redis store, as they are."""

from __future__ import annotations

from collections.abc import Sequence

from massgen_plugins.quota import Amounts, Scope
from massgen_plugins.rate_limit.decision import Decision
from massgen_plugins.rate_limit.hold import Hold
from massgen_plugins.rate_limit.limiter import Limiter
from massgen_plugins.rate_limit.line import Bid
from massgen_plugins.rate_limit.stores.redis.address import Address
from massgen_plugins.rate_limit.stores.redis.store import RedisStore
from tests.benchmarks.fleet.server import Server

__all__ = ["machine"]


def machine(server: Server, number: int, ahead: int) -> Limiter:
    """A machine's limiter; its clock is ``ahead`` nanoseconds of the server's."""
    store = _Store(Address("redis"), moment=server.moment)
    store.number = number
    store._clock.local = lambda: server.clock.tick() + ahead
    return Limiter(store, on_wait=lambda *_: None)  # as in MassGen, where waits are shown


class _Store(RedisStore):
    """All machines are one process here, so their lanes need names of their own."""

    number = 0

    async def admit(self, scope: Scope, lane: str, bids: Sequence[Bid], news: Sequence[Hold]) -> Decision:
        return await super().admit(scope, f"{self.number}.{lane}", bids, news)

    async def forecast(self, scope: Scope, lane: str, ahead: Amounts, own: Amounts) -> int:
        return await super().forecast(scope, f"{self.number}.{lane}", ahead, own)

    def leave(self, scope: Scope, lane: str) -> None:
        super().leave(scope, f"{self.number}.{lane}")
