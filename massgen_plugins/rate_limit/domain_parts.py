"""What is known of one domain: books, facts and queue, as parts that a store keeps. Pure."""

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
"""Names of a domain's parts in a store; that of a book ends with its pool's."""


class DomainParts:
    """Books, facts and queue of one domain, as one process sees them.

    Attributes:
        facts: What is known beside the arithmetic.
        tickets: Who waits, in all processes.
        changed: Names of the parts that were changed since they were last written.
        paused: Pools that the user has paused in this process.
        process: Names this process in the queue.
        gave_way: Whether somebody has left the queue since others were last woken.

    Args:
        process: Names this process in the queue.
        epoch: When the books were begun, in nanoseconds since the epoch.
    """

    def __init__(self, process: str, epoch: int = 0) -> None:
        self.facts = Facts(epoch)
        self.tickets = Tickets()
        self.changed: set[str] = set()
        self.paused: set[str] = set()
        self.process = process
        self.gave_way = False
        self._pools: dict[str, PoolState] = {}
        self._since_alone: list[Reservation] | None = None

    # Parts, as a store keeps them.

    def dump(self, part: str) -> bytes:
        """A part, for a store."""
        if part == FACTS:
            return self.facts.dump()
        if part == QUEUE:
            return self.tickets.dump()
        return self.pool(part.removeprefix(BOOK)).book.dump()

    def restore(self, part: str, data: bytes) -> None:
        """Take over a part from a store; raises ValueError if it is damaged."""
        if part == FACTS:
            self.facts = Facts.restore(data)
            for name, pool in self._pools.items():
                pool.penalties = self.facts.penalties.get(name) or Penalties()
                pool.others = self.facts.rules.get(name)
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
        """There is nothing of a part."""
        if part == FACTS:
            self.restore(part, Facts(self.facts.epoch).dump())
        elif part == QUEUE:
            self.tickets = Tickets()
        else:
            pool = self.pool(part.removeprefix(BOOK))
            pool.book = Book()
            pool.refresh(NEVER)

    def begin_anew(self, epoch: int) -> None:
        """Forget everything; what becomes of calls that were booked before changes nothing any more."""
        rules = self.facts.rules  # they still hold, and whoever looks shall see them
        self.facts, self.tickets = Facts(epoch), Tickets()
        self.facts.rules = rules
        for pool in self._pools.values():
            pool.book, pool.penalties = Book(), Penalties()
            pool.refresh(NEVER)
        self.changed.update(self.parts)

    def rename(self, process: str) -> None:
        """Go on as another process: a forked child."""
        self.process = process

    @property
    def parts(self) -> list[str]:
        """The names of all parts."""
        return [FACTS, QUEUE, *(BOOK + name for name in self._pools)]

    def pools(self) -> list[str]:
        """The names of all pools."""
        return list(self._pools)

    def pool(self, name: str) -> PoolState:
        """A pool; an empty one if there was none."""
        pool = self._pools.get(name)
        if pool is None:
            pool = self._pools[name] = PoolState()
            pool.penalties = self.facts.penalties.get(name) or pool.penalties
            pool.others = self.facts.rules.get(name)
            pool.refresh(NEVER)
        return pool

    def book(self, name: str) -> Book:
        """What a pool has spent."""
        return self.pool(name).book

    # While the store is away.

    def go_alone(self, now: Moment, processes: int) -> None:
        """Share what is left among so many processes that do not know of each other any more."""
        self._since_alone = []
        for pool in self._pools.values():
            pool.go_alone(now, processes)

    def rebook_since_alone(self, now: Moment) -> None:
        """Book in what others went on with what this process booked by itself."""
        for call in self._since_alone or ():
            call.booked, call.epoch = call.booking, self.facts.epoch
            for name in call.pools:
                self.pool(name).book.add(call.booked, now)
                self.changed.add(BOOK + name)

    @property
    def booked_alone(self) -> int:
        """How many calls were booked by itself."""
        return len(self._since_alone or ())

    def keep_alone(self, count: int) -> None:
        """Of the calls that were booked by itself, only the first so many have left."""
        if self._since_alone is not None:
            del self._since_alone[count:]

    def come_back(self) -> None:
        """The store works again."""
        self._since_alone = None
        for pool in self._pools.values():
            pool.come_back()

    # Rules.

    def has_rules(self, name: str, rules: PoolRules | None) -> bool:
        """Whether these rules hold in a pool already."""
        return self.pool(name).rules is (rules or NO_RULES)

    def known_rules(self, name: str) -> PoolRules | None:
        """The rules of a pool; None if no limit of it is known, be it declared or learned."""
        pool = self.pool(name)
        return pool.rules if pool.limits else None

    def is_paced(self, pools: Iterable[str]) -> bool:
        """Whether a limit of some pools says how fast calls may follow each other."""
        return any(self.pool(name).paced for name in pools)

    def shortest_window(self, pools: Iterable[str] | None = None) -> int:
        """Nanoseconds of the shortest rolling window of some pools, or of all; 0 if one is a bucket."""
        names = self._pools if pools is None else pools
        return min((self.pool(name).shortest for name in names), default=NEVER)

    def leased(self, call: Reservation) -> bool:
        """Whether a call holds anything until it is over."""
        return any(self._pools[name].leases(call.ask.expected) for name in call.pools)

    def penalties(self, name: str) -> Penalties:
        """What refusals imposed on a pool, to be changed; call :meth:`refresh` afterwards."""
        return self.facts.penalties.setdefault(name, self.pool(name).penalties)

    def refresh(self, name: str, tick: int) -> None:
        """Let what was learned have its effect."""
        pool = self.pool(name)
        pool.penalties = self.facts.penalties.get(name) or Penalties()
        pool.refresh(tick)
        self.changed.add(FACTS)
