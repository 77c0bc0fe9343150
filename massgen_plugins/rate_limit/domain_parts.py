"""The state of one domain: books, facts and queue, as parts that a store keeps. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from massgen_plugins.quota import PoolRules
from massgen_plugins.rate_limit.book import Book
from massgen_plugins.rate_limit.facts import Facts
from massgen_plugins.rate_limit.moment import NEVER, Moment
from massgen_plugins.rate_limit.penalties import Penalties
from massgen_plugins.rate_limit.pool_state import NO_RULES, PoolState
from massgen_plugins.rate_limit.reservation import Reservation
from massgen_plugins.rate_limit.tickets import Tickets

__all__ = ["BOOK", "FACTS", "QUEUE", "DomainParts"]

FACTS, QUEUE, BOOK = "facts", "queue", "book/"
"""Names of a domain's parts in a store; a book's name is ``BOOK`` plus its pool's."""


class DomainParts:
    """One process's copy of a domain's books, facts and queue.

    Attributes:
        facts: Everything but the arithmetic and the queue.
        tickets: The queue of all processes.
        changed: Names of the parts that are not written yet.
        paused: Pools that the user has paused in this process.
        process: This process's name in the queue.
        queue_shrank: Whether a ticket was dropped since the last wake-ups.

    Args:
        process: This process's name in the queue.
        epoch: When the books were begun, in nanoseconds since the epoch.
    """

    def __init__(self, process: str, epoch: int = 0) -> None:
        self.facts = Facts(epoch)
        self.tickets = Tickets()
        self.changed: set[str] = set()
        self.paused: set[str] = set()
        self.process = process
        self.queue_shrank = False
        self._pools: dict[str, PoolState] = {}
        self._booked_offline: list[Reservation] | None = None

    # Serialization.

    def dump(self, part: str) -> bytes:
        """Serialize a part for a store."""
        if part == FACTS:
            return self.facts.dump()
        if part == QUEUE:
            return self.tickets.dump()
        return self.pool(part.removeprefix(BOOK)).book.dump()

    def restore(self, part: str, data: bytes) -> None:
        """Replace a part with its serialized form; raises ValueError if that is damaged."""
        if part == FACTS:
            self.facts = Facts.restore(data)
            for name, pool in self._pools.items():
                pool.penalties = self.facts.penalties.get(name) or Penalties()
                pool.peer_rules = self.facts.rules.get(name)
                pool.refresh(NEVER)
        elif part == QUEUE:
            self.tickets = Tickets.restore(data)
        elif part.startswith(BOOK):
            pool = self.pool(part.removeprefix(BOOK))
            if pool.book.load(data):
                pool.refresh(NEVER)
        else:
            raise ValueError(f"there is no part {part[:40]!a}")

    def clear(self, part: str) -> None:
        """Empty a part."""
        if part == FACTS:
            self.restore(part, Facts(self.facts.epoch).dump())
        elif part == QUEUE:
            self.tickets = Tickets()
        else:
            pool = self.pool(part.removeprefix(BOOK))
            pool.book = Book()
            pool.refresh(NEVER)

    def reset(self, epoch: int) -> None:
        """Forget everything; later updates of calls booked so far are ignored."""
        rules = self.facts.rules  # they still apply, and viewers show them
        self.facts, self.tickets = Facts(epoch), Tickets()
        self.facts.rules = rules
        for pool in self._pools.values():
            pool.book, pool.penalties = Book(), Penalties()
            pool.refresh(NEVER)
        self.changed.update(self.parts)

    def rename(self, process: str) -> None:
        """Take another process name, after a fork."""
        self.process = process

    @property
    def parts(self) -> list[str]:
        """The names of all parts."""
        return [FACTS, QUEUE, *(BOOK + name for name in self._pools)]

    def pools(self) -> list[str]:
        """The names of all pools."""
        return list(self._pools)

    def pool(self, name: str) -> PoolState:
        """A pool, created empty if missing."""
        pool = self._pools.get(name)
        if pool is None:
            pool = self._pools[name] = PoolState()
            pool.penalties = self.facts.penalties.get(name) or pool.penalties
            pool.peer_rules = self.facts.rules.get(name)
            pool.refresh(NEVER)
        return pool

    def book(self, name: str) -> Book:
        """The book of a pool."""
        return self.pool(name).book

    # While the store is unavailable.

    def go_offline(self, now: Moment, processes: int) -> None:
        """Take an equal share, one of ``processes``, of what is left."""
        self._booked_offline = []
        for pool in self._pools.values():
            pool.go_offline(now, processes)

    def rebook_offline(self, now: Moment) -> None:
        """Book the calls admitted offline in the books that others have kept using."""
        for call in self._booked_offline or ():
            call.booked, call.epoch = call.booking, self.facts.epoch
            for name in call.pools:
                self.pool(name).book.add(call.booked, now)
                self.changed.add(BOOK + name)

    @property
    def offline_calls(self) -> int:
        """How many calls were admitted offline."""
        return len(self._booked_offline or ())

    def keep_offline(self, count: int) -> None:
        """Keep only the first ``count`` calls admitted offline: the others never left."""
        if self._booked_offline is not None:
            del self._booked_offline[count:]

    def go_online(self) -> None:
        """Share the full quota again: the store is back."""
        self._booked_offline = None
        for pool in self._pools.values():
            pool.go_online()

    # Rules.

    def has_rules(self, name: str, rules: PoolRules | None) -> bool:
        """Whether a pool already has these rules."""
        return self.pool(name).rules is (rules or NO_RULES)

    def known_rules(self, name: str) -> PoolRules | None:
        """The rules of a pool; None if it has no limit, declared or learned."""
        pool = self.pool(name)
        return pool.rules if pool.limits else None

    def is_paced(self, pools: Iterable[str]) -> bool:
        """Whether a limit of any of the pools paces calls."""
        return any(self.pool(name).paced for name in pools)

    def shortest_window(self, pools: Iterable[str] | None = None) -> int:
        """Nanoseconds of the shortest rolling window of the pools (default: all); 0 if one is a bucket."""
        names = self._pools if pools is None else pools
        return min((self.pool(name).shortest for name in names), default=NEVER)

    def leased(self, call: Reservation) -> bool:
        """Whether a call holds anything until it ends."""
        return any(self._pools[name].leases(call.ask.expected) for name in call.pools)

    def penalties(self, name: str) -> Penalties:
        """The penalties of a pool, to be changed; call :meth:`refresh` afterwards."""
        return self.facts.penalties.setdefault(name, self.pool(name).penalties)

    def refresh(self, name: str, tick: int) -> None:
        """Apply changed penalties."""
        pool = self.pool(name)
        pool.penalties = self.facts.penalties.get(name) or Penalties()
        pool.refresh(tick)
        self.changed.add(FACTS)
