"""The state of one domain: books, facts and queue, as parts that a store keeps. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from massgen_plugins.quota import NANOSECONDS, PoolRules
from massgen_plugins.rate_limit.book import Book
from massgen_plugins.rate_limit.facts import Facts
from massgen_plugins.rate_limit.moment import NEVER, Moment
from massgen_plugins.rate_limit.penalties import Penalties
from massgen_plugins.rate_limit.pool_state import NO_RULES, PoolState
from massgen_plugins.rate_limit.reservation import Reservation
from massgen_plugins.rate_limit.tickets import Tickets

__all__ = ["BOOK", "FACTS", "QUEUE", "DomainParts"]

FACTS, QUEUE, BOOK = "facts", "queue/", "book/"
"""Names of a domain's parts in a store: ``QUEUE`` plus a process's name, ``BOOK`` plus a pool's."""

_SHARE_KEPT = 70 * NANOSECONDS
"""Nanoseconds for which a process keeps to its share after an outage, unless all others are back before."""


class DomainParts:
    """One process's copy of a domain's books, facts and queue.

    Attributes:
        facts: Everything but the arithmetic and the queue.
        tickets: The queue of all processes.
        changed: Names of the parts that are not written yet.
        paused: Pools that the user has paused in this process.
        process: This process's name in the queue.
        queue_moved: Whether, since the last wake-ups, a ticket was dropped, or found to have room.

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
        self.queue_moved = False
        self._pools: dict[str, PoolState] = {}
        self._offline_since = 0

    # Serialization.

    def dump(self, part: str) -> bytes | None:
        """Serialize a part for a store; None if it is to be deleted."""
        if part == FACTS:
            return self.facts.dump()
        if part.startswith(QUEUE):
            return self.tickets.dump(part.removeprefix(QUEUE))
        return self.pool(part.removeprefix(BOOK)).book.dump()

    def restore(self, part: str, data: bytes) -> None:
        """Replace a part with its serialized form; raises ValueError if that is damaged."""
        if part == FACTS:
            self.facts = Facts.restore(data)
            for name, pool in self._pools.items():
                if pool.share and not self.facts.any_absent(self._offline_since):
                    pool.share = None
                self._apply_facts(name, pool)
        elif part.startswith(QUEUE):
            self.tickets.restore(part.removeprefix(QUEUE), data)
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
        elif part.startswith(QUEUE):
            self.tickets.clear(part.removeprefix(QUEUE))
        else:
            pool = self.pool(part.removeprefix(BOOK))
            pool.book = Book()
            pool.refresh(NEVER)

    def reset(self, epoch: int) -> None:
        """Forget everything; later updates of calls booked so far are ignored."""
        rules = self.facts.rules  # they still apply, and viewers show them
        self.facts = Facts(epoch)
        self.facts.rules = rules
        for pool in self._pools.values():
            pool.book, pool.penalties = Book(), Penalties()
            pool.refresh(NEVER)
        self.changed.update(self.parts)

    @property
    def parts(self) -> list[str]:
        """The names of all parts."""
        queue = (QUEUE + owner for owner in self.tickets.owners)
        return [FACTS, *queue, *(BOOK + name for name in self._pools)]

    def pools(self) -> list[str]:
        """The names of all pools."""
        return list(self._pools)

    def pool(self, name: str) -> PoolState:
        """A pool, created empty if missing."""
        pool = self._pools.get(name)
        if pool is None:
            pool = self._pools[name] = PoolState()
            self._apply_facts(name, pool)
        return pool

    def book(self, name: str) -> Book:
        """The book of a pool."""
        return self.pool(name).book

    # When the store is unavailable, and when it is back.

    def go_offline(self, now: Moment, processes: int) -> None:
        """Take an equal share, one of ``processes``, of what is left."""
        self._offline_since = now.tick
        for pool in self._pools.values():
            pool.go_offline(now, processes)

    def merge(self, own: DomainParts, base: Mapping[str, bytes], now: Moment, lost_since: int | None) -> None:
        """Add what a process has booked apart from the others, to their state.

        Args:
            own: Its state.
            base: The parts of the state when they parted.
            now: The current moment.
            lost_since: If the others' state may lack parts of ``base``, the tick at which they parted.
        """
        if lost_since is not None:
            self.facts = own.facts
            for ticket in own.tickets:
                self.tickets.put(ticket)
        self.facts.rules = own.facts.rules | self.facts.rules
        self.facts.register_member(self.process, now.tick)
        self.paused, self._offline_since = own.paused, own._offline_since
        for name, pool in own._pools.items():
            mine, known = self.pool(name), base.get(BOOK + name)
            mine.rules = pool.rules
            self._apply_facts(name, mine)
            if pool.share is not None:  # others may have used the rest, and will say so when they are back
                mine.share = pool.share._replace(until=min(pool.share.until, now.tick + _SHARE_KEPT))
            mine.book.merge(pool.book, Book.restore(known) if known else Book(), now, lost_since)
        self.changed.update(self.parts)

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

    def _apply_facts(self, name: str, pool: PoolState) -> None:
        pool.penalties = self.facts.penalties.get(name) or Penalties()
        pool.peer_rules = self.facts.rules.get(name)
        pool.refresh(NEVER)

    def refresh(self, name: str, tick: int) -> None:
        """Apply changed penalties."""
        pool = self.pool(name)
        pool.penalties = self.facts.penalties.get(name) or Penalties()
        pool.refresh(tick)
        self.changed.add(FACTS)
