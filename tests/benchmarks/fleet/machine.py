"""One machine of the fleet: our limiter over our Redis store, as they are."""

from __future__ import annotations

import asyncio
from typing import Any

from massgen_plugins.rate_limit.limiter import DomainLimiter, Limiter
from massgen_plugins.rate_limit.stores.redis_server import RedisServer
from massgen_plugins.rate_limit.stores.redis_store import RedisStore, key_of
from tests.benchmarks.fleet.server import Server
from tests.benchmarks.fleet.workers import VirtualWorker
from tests.benchmarks.peers.ours import DOMAIN, rules, three

__all__ = ["Machine"]


class Machine:
    """A machine's limiter.

    Attributes:
        domain: What its agents ask.

    Args:
        server: Simulated.
        number: Of the machine.
        ahead: Nanoseconds that its clock is ahead of the server's.
        limits: Requests and tokens a minute, requests in 24 hours.
    """

    def __init__(self, server: Server, number: int, ahead: int, limits: tuple[int, int, int]) -> None:
        self.worker = VirtualWorker(asyncio.get_running_loop())
        store = _Store(server, self.worker, str(number), ahead)
        in_force = rules(three(limits))
        limiter = Limiter(store, lambda _: in_force, lambda _: None, worker=self.worker)
        server.listeners[store.address] = limiter.store.on_wake
        self.domain: DomainLimiter = limiter.domain(DOMAIN)


class _Store(RedisStore):
    """Speaks with the simulated server, and has an address of its own: all machines are one process here."""

    def __init__(self, server: Server, worker: VirtualWorker, number: str, ahead: int) -> None:
        super().__init__(RedisServer("redis"), lambda: server.clock.tick() + ahead)
        self._simulated, self._worker, self._number = server, worker, number

    @property
    def address(self) -> str:
        return self._number

    def wake(self, address: str) -> bool:
        self._worker.exchange(lambda answer: self._simulated.publish(address, answer))
        return True

    def _run_script(self, domain: str, known: int, *arguments: bytes | str | int) -> list[Any]:
        asked = self._clock.local()
        words = (key_of(domain), known, *arguments)
        reply = self._worker.exchange(lambda answer: self._simulated.swap(words, answer))
        self._clock.learn(int(reply[0]) * 1_000_000 + int(reply[1]), asked, self._clock.local())
        return list(reply)

    def _connected(self) -> Any:
        return self._simulated.client
