"""The decision that all else is kept for: may this call leave now? It is booked in all its pools, or in none.

Pure: the moment is an argument.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from massgen_plugins.quota import NANOSECONDS, Amounts, PoolRules
from massgen_plugins.rate_limit.book import amounts_of
from massgen_plugins.rate_limit.domain_parts import BOOK, FACTS, QUEUE, DomainParts
from massgen_plugins.rate_limit.moment import NEVER, Moment
from massgen_plugins.rate_limit.penalties import PROBE_NEEDED
from massgen_plugins.rate_limit.pool_state import NO_RULES
from massgen_plugins.rate_limit.reservation import URGENT, WRITE_GRACE, Ask, Booking, Reservation
from massgen_plugins.rate_limit.startup import Startups
from massgen_plugins.rate_limit.tickets import PATIENCE, RENEWAL, TICKET_LEASE, Ticket
from massgen_plugins.rate_limit.verdict import Blocker, Reason, Refused, Verdict, Wait

__all__ = ["BOOK", "FACTS", "QUEUE", "DomainState"]

_SHORTEST_PROBE = 10 * NANOSECONDS


class DomainState(DomainParts):
    """What one process knows of a domain, and what it decides by that."""

    def configure(self, name: str, rules: PoolRules | None, tick: int) -> None:
        """Let these rules hold in a pool. What was learned under a limit that changes is forgotten."""
        pool = self._pools.get(name) or self.pool(name)
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
        (self.paused.add if new.paused else self.paused.discard)(name)
        pool.rules, pool.others = new, None
        pool.refresh(tick)

    def cautious(self, pools: Sequence[str]) -> bool:
        """Whether a success matters to one of some pools."""
        for name in pools:  # noqa: SIM110 - after every call, and this way costs half
            if (self._pools.get(name) or self.pool(name)).cautious:
                return True
        return False

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
        blocker = self._blocker(now, ask, earlier)
        if blocker is None and startups is not None:
            blocker = startups.blocker(ask, now.tick)
        if blocker is None:
            call = self._grant(now, ask)
            if startups is not None:
                startups.granted(call, now.tick)
            return call
        rules = self.pool(blocker.pool).rules
        if blocker.reason is Reason.CLOSED or (
            blocker.reason is Reason.UNTIL and not (rules.wait_for_day and ask.priority != URGENT)
        ):
            return Refused(blocker)
        return Wait(blocker, blocker.until, max(blocker.until, self._frees_at(now, ask, earlier or {})))

    def blocked_in(self, now: Moment, ask: Ask, blocker: Blocker, earlier: Mapping[str, Amounts]) -> set[str]:
        """The pools in which a call waits, so that nobody overtakes it there; in its others there is room."""
        behind = {name for name in ask.pools if name in earlier or name == blocker.pool}
        return behind | self._misfits(now, ask.pools, ask.amounts)

    def change(self, call: Reservation, booking: Booking, now: Moment) -> None:
        """Book what is true of a call by now, in place of what is booked."""
        if call.booked == booking or call.epoch != self.facts.epoch:
            return
        for name in call.ask.pools:
            self._pools[name].book.change(call.booked, booking, now)
            self.changed.add(BOOK + name)

    def queue(self, ask: Ask, address: str, now: int, until: int, waiting: int) -> None:
        """Register a process's first waiter for some pools."""
        ticket = Ticket(
            self.process,
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
        for ticket in self.tickets.of(self.process):
            if ticket.pools not in kept:
                self.tickets.drop(ticket)
                self.changed.add(QUEUE)
                self.gave_way = True

    def bury(self, address: str) -> None:
        """A process is dead: nobody waits for it."""
        for ticket in [each for each in self.tickets if each.address == address]:
            self.tickets.drop(ticket)
            self.changed.add(QUEUE)
            self.gave_way = True

    def to_wake(self, now: Moment, *, only_late: bool = False) -> list[str]:
        """Where processes can be woken whose first waiter fits now or soon, and that would ask only later.

        Args:
            now: The moment.
            only_late: Of those, only the ones that should have asked before.
        """
        seen: set[tuple[str, ...]] = set()
        addresses = []
        for ticket in sorted(self.tickets, key=lambda each: each.place):
            if ticket.pools in seen:
                continue
            if (
                now.tick - ticket.seen <= TICKET_LEASE
            ):  # one that may be dead does not stand for those behind it
                seen.add(ticket.pools)
            if ticket.owner == self.process:
                continue
            late = ticket.until + PATIENCE < now.tick
            room = NEVER if only_late else self._room_at(now, ticket)
            if late or room + (PATIENCE if room > now.tick else 0) < ticket.until:
                addresses.append(ticket.address)
        return addresses

    # How it is decided.

    def _grant(self, now: Moment, ask: Ask) -> Reservation:
        begun = now.tick + WRITE_GRACE
        booking = Booking(ask.amounts, ask.expected, begun, NEVER, begun, NEVER, now.wall, now.slack)
        call = Reservation(ask, booking, self.facts.epoch)
        for name in ask.pools:
            pool = self._pools[name]
            if pool.leases(ask.expected):
                call.leased = True
            if pool.hasty:
                call.hasty = True
            if pool.book.counters:
                pool.book.add(booking, now)
                self.changed.add(BOOK + name)
            if pool.penalties.probe == PROBE_NEEDED:
                pool.penalties.probe = now.tick + max(_SHORTEST_PROBE, pool.rules.cooldown)
                self.changed.add(FACTS)
        if self._since_alone is not None:
            self._since_alone.append(call)
        return call

    def _blocker(self, now: Moment, ask: Ask, earlier: Mapping[str, Amounts] | None) -> Blocker | None:
        if self.paused and (name := next((each for each in ask.pools if each in self.paused), None)):
            return Blocker(Reason.PAUSED, name, now.tick + RENEWAL)
        worst: Blocker | None = None
        for name in ask.pools:
            pool = self._pools.get(name) or self.pool(name)
            blocker = pool.blocker(now, name, ask.amounts)
            if blocker is not None:
                if blocker.final:
                    return blocker
                worst = blocker if worst is None or blocker.until > worst.until else worst
        if worst is None and earlier:
            shared = next((name for name in ask.pools if name in earlier), None)
            if shared is not None:
                worst = Blocker(Reason.QUEUE, shared, now.tick + RENEWAL)
        return self._behind(now, ask, worst) if self.tickets.rows else worst

    def _behind(self, now: Moment, ask: Ask, worst: Blocker | None) -> Blocker | None:
        """What stands in the way with those who came first in other processes."""
        ahead: list[Ticket] = []
        blocked: set[str] = set()  # pools in which somebody waits, and so everybody who comes later
        for ticket in self.tickets.ahead_of(ask, self.process, now.tick):
            misfits = self._misfits(now, ticket.pools, ticket.amounts) | blocked.intersection(ticket.pools)
            blocked |= misfits
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
            self.gave_way = True
        if not ahead:
            return worst
        until = self._frees_at(now, ask, {}, ahead)
        if worst is not None:
            return replace(worst, until=max(until, worst.until), ahead=ahead[0].address)
        shared = next(name for name in ask.pools if name in ahead[0].pools)
        return Blocker(Reason.QUEUE, shared, until, ahead=ahead[0].address)

    def _misfits(self, now: Moment, pools: Sequence[str], amounts: Amounts) -> set[str]:
        """The pools in which a call could not leave now, whoever comes first."""
        return {
            name
            for name in pools
            if name in self.paused or self.pool(name).blocker(now, name, amounts) is not None
        }

    def _room_at(self, now: Moment, ticket: Ticket) -> int:
        """The tick from which on a waiter may fit; ``NEVER`` while the user has paused one of its pools."""
        when = now.tick
        for name in ticket.pools:
            blocker = self.pool(name).blocker(now, name, ticket.amounts)
            if blocker is not None:
                when = max(when, blocker.until)
        return NEVER if self.paused.intersection(ticket.pools) else when

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
