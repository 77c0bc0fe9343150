"""All that is known of one domain, and the decision that it is kept for: may this call leave now?

Pure: a store keeps its parts, and the moment is an argument. A call is booked in all its pools, or in none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from massgen_plugins.quota import NANOSECONDS, Amounts, PoolRules
from massgen_plugins.rate_limit.book import Book, amounts_of
from massgen_plugins.rate_limit.facts import Facts
from massgen_plugins.rate_limit.moment import NEVER, Moment
from massgen_plugins.rate_limit.penalties import PROBE_NEEDED, Penalties
from massgen_plugins.rate_limit.pool_state import NO_RULES, PoolState
from massgen_plugins.rate_limit.reservation import URGENT, WRITE_GRACE, Ask, Booking, Reservation
from massgen_plugins.rate_limit.startup import Startups
from massgen_plugins.rate_limit.tickets import PATIENCE, RENEWAL, Ticket, Tickets
from massgen_plugins.rate_limit.verdict import Blocker, Reason, Refused, Verdict, Wait

__all__ = ["BOOK", "FACTS", "QUEUE", "DomainState"]

FACTS, QUEUE, BOOK = "facts", "queue", "book/"
"""Names of a domain's parts in a store; that of a book ends with its pool's."""

_SHORTEST_PROBE = 10 * NANOSECONDS


class DomainState:
    """Books, facts and queue of one domain, as one process sees them.

    Attributes:
        facts: What is known beside the arithmetic.
        tickets: Who waits, in all processes.
        changed: Names of the parts that were changed since they were last written.

    Args:
        process: Names this process in the queue.
        epoch: When the books were begun, in nanoseconds since the epoch.
    """

    def __init__(self, process: str, epoch: int = 0) -> None:
        self.facts = Facts(epoch)
        self.tickets = Tickets()
        self.changed: set[str] = set()
        self._process = process
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
            pool.book = Book.restore(data)
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
        self._process = process

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

    def come_back(self) -> None:
        """The store works again."""
        self._since_alone = None
        for pool in self._pools.values():
            pool.come_back()

    # Rules.

    def configure(self, name: str, rules: PoolRules | None, tick: int) -> None:
        """Let these rules hold in a pool. What was learned under a limit that changes is forgotten."""
        pool = self.pool(name)
        new = rules or NO_RULES
        if new is pool.rules:
            return
        known = self.facts.rules.get(name)
        if known is not None:
            before = {limit.key: limit for limit in known.limits}
            after = {limit.key: limit for limit in new.limits}
            for key in [k for k in pool.penalties.learned if before.get(k) != after.get(k)]:
                del pool.penalties.learned[key]
        if rules is not None and (known is None or known.limits != new.limits):
            self.facts.rules[name] = rules
            self.changed.add(FACTS)
        pool.rules, pool.others = new, None
        pool.refresh(tick)

    def has_rules(self, name: str, rules: PoolRules | None) -> bool:
        """Whether these rules hold in a pool already."""
        return self.pool(name).rules is (rules or NO_RULES)

    def known_rules(self, name: str) -> PoolRules | None:
        """The rules of a pool; None if no limit of it is known, be it declared or learned."""
        pool = self.pool(name)
        return pool.rules if pool.limits else None

    def shortest_window(self, pools: Iterable[str] | None = None) -> int:
        """Nanoseconds of the shortest rolling window of some pools, or of all; 0 if one is a bucket."""
        names = self._pools if pools is None else pools
        return min((self.pool(name).shortest for name in names), default=NEVER)

    def leased(self, call: Reservation) -> bool:
        """Whether a call holds anything until it is over."""
        return any(self._pools[name].leases(call.ask.expected) for name in call.pools)

    def cautious(self, pools: Iterable[str]) -> bool:
        """Whether a success matters to one of some pools."""
        return any(self.pool(name).penalties.cautious for name in pools)

    def penalties(self, name: str) -> Penalties:
        """What refusals imposed on a pool, to be changed; call :meth:`refresh` afterwards."""
        return self.facts.penalties.setdefault(name, self.pool(name).penalties)

    def refresh(self, name: str, tick: int) -> None:
        """Let what was learned have its effect."""
        pool = self.pool(name)
        pool.penalties = self.facts.penalties.get(name) or Penalties()
        pool.refresh(tick)
        self.changed.add(FACTS)

    # Calls.

    def decide(
        self,
        now: Moment,
        ask: Ask,
        startups: Startups | None = None,
        earlier: Mapping[str, Amounts] | None = None,
    ) -> Verdict:
        """Whether a call may leave now; if so, it is booked.

        Args:
            now: The moment.
            ask: The call.
            startups: The cooldowns of runs in this process; None: there are none.
            earlier: Pools in which calls of this process wait that came before, to what they take together.
        """
        blocker = self._blocker(now, ask, earlier or {})
        if blocker is None and startups is not None:
            blocker = startups.blocker(ask, now.tick)
        if blocker is None:
            if startups is not None:
                startups.granted(ask, now.tick)
            return self._grant(now, ask)
        rules = self.pool(blocker.pool).rules
        if blocker.reason is Reason.CLOSED or (
            blocker.reason is Reason.UNTIL and not (rules.wait_for_day and ask.priority != URGENT)
        ):
            return Refused(blocker)
        return Wait(blocker, blocker.until, max(blocker.until, self._frees_at(now, ask, earlier or {})))

    def change(self, call: Reservation, booking: Booking, now: Moment) -> None:
        """Book what is true of a call by now, in place of what is booked."""
        if call.booked == booking or call.epoch != self.facts.epoch:
            return
        for name in call.pools:
            self.book(name).change(call.booked, booking, now)
            self.changed.add(BOOK + name)

    def queue(self, ask: Ask, address: str, now: int, until: int, waiting: int) -> None:
        """Register a process's first waiter for some pools."""
        ticket = Ticket(
            self._process,
            address,
            ask.pools,
            dict(ask.amounts),
            ask.priority,
            ask.arrival,
            now,
            max(0, min(until, now + RENEWAL)),
            waiting,
        )
        self.tickets.put(ticket)
        self.changed.add(QUEUE)

    def leave_queue(self, keep: Iterable[tuple[str, ...]] = ()) -> None:
        """This process waits no more, but for the combinations of pools to keep."""
        kept = set(keep)
        for ticket in self.tickets.of(self._process):
            if ticket.pools not in kept:
                self.tickets.drop(ticket)
                self.changed.add(QUEUE)

    def bury(self, address: str) -> None:
        """A process is dead: nobody waits for it."""
        for ticket in [each for each in self.tickets if each.address == address]:
            self.tickets.drop(ticket)
            self.changed.add(QUEUE)

    def to_wake(self, now: Moment) -> list[str]:
        """Where processes can be woken whose first waiter fits now, and that would ask only later."""
        seen: set[tuple[str, ...]] = set()
        addresses = []
        for ticket in sorted(self.tickets, key=lambda each: each.place):
            if ticket.pools in seen:
                continue
            seen.add(ticket.pools)
            if ticket.owner == self._process:
                continue
            late = ticket.until + PATIENCE < now.tick
            if late or (ticket.until > now.tick and not self._misfits(now, ticket.pools, ticket.amounts)):
                addresses.append(ticket.address)
        return addresses

    # How it is decided.

    def _grant(self, now: Moment, ask: Ask) -> Reservation:
        begun = now.tick + WRITE_GRACE
        booking = Booking(ask.amounts, ask.expected, begun, NEVER, begun, NEVER, now.wall, now.slack)
        for name in ask.pools:
            pool = self._pools[name]
            if pool.book.counters:
                pool.book.add(booking, now)
                self.changed.add(BOOK + name)
            if pool.penalties.probe == PROBE_NEEDED:
                pool.penalties.probe = now.tick + max(_SHORTEST_PROBE, pool.rules.cooldown)
                self.changed.add(FACTS)
        call = Reservation(ask, booking, self.facts.epoch)
        if self._since_alone is not None:
            self._since_alone.append(call)
        return call

    def _blocker(self, now: Moment, ask: Ask, earlier: Mapping[str, Amounts]) -> Blocker | None:
        worst: Blocker | None = None
        for name in ask.pools:
            blocker = self.pool(name).blocker(now, name, ask.amounts)
            if blocker is not None:
                if blocker.final:
                    return blocker
                worst = blocker if worst is None or blocker.until > worst.until else worst
        if worst is None and earlier:
            shared = next((name for name in ask.pools if name in earlier), None)
            if shared is not None:
                worst = Blocker(Reason.QUEUE, shared, now.tick + RENEWAL)
        return self._behind(now, ask, worst) if len(self.tickets) else worst

    def _behind(self, now: Moment, ask: Ask, worst: Blocker | None) -> Blocker | None:
        """What stands in the way with those who came first in other processes."""
        ahead: list[Ticket] = []
        for ticket in self.tickets.ahead_of(ask, self._process, now.tick):
            misfits = self._misfits(now, ticket.pools, ticket.amounts)
            if misfits:
                if ticket.fits_since:
                    self.tickets.mark(ticket, 0)
                    self.changed.add(QUEUE)
                if not misfits.isdisjoint(ask.pools):
                    ahead.append(ticket)
                continue
            if not ticket.fits_since:
                ticket = self.tickets.mark(ticket, now.tick)  # noqa: PLW2901 - the same one, marked
                self.changed.add(QUEUE)
            if now.tick - ticket.fits_since < PATIENCE:
                shared = next(name for name in ask.pools if name in ticket.pools)
                until = ticket.fits_since + PATIENCE
                return Blocker(Reason.QUEUE, shared, until, ahead=ticket.address)
            self.tickets.drop(ticket)
            self.changed.add(QUEUE)
        if not ahead:
            return worst
        until = self._frees_at(now, ask, {}, ahead)
        if worst is not None:
            return replace(worst, until=max(until, worst.until), ahead=ahead[0].address)
        shared = next(name for name in ask.pools if name in ahead[0].pools)
        return Blocker(Reason.QUEUE, shared, until, ahead=ahead[0].address)

    def _misfits(self, now: Moment, pools: Sequence[str], amounts: Amounts) -> set[str]:
        """The pools in which a call could not leave now, whoever comes first."""
        return {name for name in pools if self.pool(name).blocker(now, name, amounts) is not None}

    def _frees_at(
        self, now: Moment, ask: Ask, earlier: Mapping[str, Amounts], tickets: Sequence[Ticket] = ()
    ) -> int:
        """The tick at which there is room for a call and those before it."""
        when = now.tick
        for name in ask.pools:
            pool = self.pool(name)
            rows = [pool.clamped(each.amounts) for each in tickets if name in each.pools]
            when = max(when, pool.frees_at(now, ask.amounts, amounts_of([earlier.get(name, {}), *rows])))
        return when
