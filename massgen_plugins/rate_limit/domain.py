"""The admission decision: may this call leave now? It books in all of its pools, or in none. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
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
    """One process's view of a domain, and the decisions based on it."""

    def configure(self, name: str, rules: PoolRules | None, tick: int) -> None:
        """Apply rules to a pool, dropping learned limits whose declared limit changes."""
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
        pool.rules, pool.peer_rules = new, None
        pool.refresh(tick)

    def cautious(self, pools: Sequence[str]) -> bool:
        """Whether any of the pools learns from a success."""
        for name in pools:  # noqa: SIM110 - runs after every call, at half the cost of any()
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
        """Decide whether a call may leave now, and book it if so.

        Args:
            now: The current moment.
            ask: The call.
            startups: Start-up cooldowns of this process's runs, if any.
            earlier: Total amounts that earlier waiters of this process need, by pool.
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
        """The pools in which a call must not be overtaken; its other pools have room."""
        behind = {name for name in ask.pools if name in earlier or name == blocker.pool}
        return behind | self._full_pools(now, ask.pools, ask.amounts)

    def change(self, call: Reservation, booking: Booking, now: Moment) -> None:
        """Replace what is booked for a call."""
        if call.epoch != self.facts.epoch:
            return
        for name in call.ask.pools:
            book = self._pools[name].book
            if book.counters:
                book.change(call.booked, booking, now)
                self.changed.add(BOOK + name)

    @property
    def queued(self) -> bool:
        """Whether this process has tickets."""
        return self.process in self.tickets.rows

    def queue(self, ask: Ask, address: str, now: int, until: int, waiting: int) -> int:
        """Register this process's head of line for a combination of pools; returns when to do so again."""
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
        known = self.tickets.find(self.process, ask.pools)
        if known is not None and known.stands_for(ticket):
            return known.renew_at(waiting)
        self.queue_moved |= self.tickets.put(ticket)
        self.changed.add(QUEUE + self.process)
        self.changed.update(QUEUE + owner for owner in self.tickets.drop_old(self.process, now))
        return ticket.renew_at(waiting)

    def leave_queue(self, keep: Iterable[tuple[str, ...]] = ()) -> None:
        """Drop this process's tickets, except for the combinations of pools in ``keep``."""
        kept = set(keep)
        for ticket in self.tickets.of(self.process):
            if ticket.pools not in kept:
                self._drop(ticket)

    def remove_process(self, address: str) -> None:
        """Drop the tickets of a dead process."""
        for ticket in [each for each in self.tickets if each.address == address]:
            self._drop(ticket)

    def to_wake(self, now: Moment, *, only_overdue: bool = False) -> list[str]:
        """Addresses of processes whose head of line fits before they would retry by themselves.

        Args:
            now: The current moment.
            only_overdue: Only those that should have retried already.
        """
        seen: set[tuple[str, ...]] = set()
        addresses = []
        for ticket in sorted(self.tickets, key=lambda each: each.sort_key):
            if ticket.pools in seen:
                continue
            if now.tick - ticket.seen <= TICKET_LEASE:  # a lapsed ticket does not hide the ones behind it
                seen.add(ticket.pools)
            if ticket.owner == self.process:
                continue
            overdue = ticket.until + PATIENCE < now.tick
            room = NEVER if only_overdue else self._room_at(now, ticket)
            early = room + (PATIENCE if room > now.tick else 0) < ticket.until
            if early:  # it need not write that itself, nor is it woken for that again
                self._replace(ticket, until=room)
            if early or overdue:
                addresses.append(ticket.address)
        return addresses

    # The parts of a decision.

    def _grant(self, now: Moment, ask: Ask) -> Reservation:
        begun = now.tick + WRITE_GRACE
        booking = Booking(ask.amounts, ask.expected, begun, NEVER, begun, NEVER, now.wall, now.slack)
        call = Reservation(ask, booking, self.facts.epoch)
        for name in ask.pools:
            pool = self._pools[name]
            if pool.leases(ask.expected):
                call.leased = True
            if pool.short_window:
                call.short_window = True
            if pool.book.counters:
                pool.book.add(booking, now)
                self.changed.add(BOOK + name)
            if pool.penalties.probe == PROBE_NEEDED:
                pool.penalties.probe = now.tick + max(_SHORTEST_PROBE, pool.rules.cooldown)
                self.changed.add(FACTS)
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
        behind = next((name for name in ask.pools if name in earlier), None) if earlier else None
        if worst is None and behind is not None:
            worst = Blocker(Reason.QUEUE, behind, now.tick + RENEWAL)
        if not self.tickets.rows:
            return worst
        return self._queue_blocker(now, ask, worst, behind_own=behind is not None)

    def _queue_blocker(
        self, now: Moment, ask: Ask, worst: Blocker | None, *, behind_own: bool
    ) -> Blocker | None:
        """The blocker, given the tickets of other processes that come first."""
        ahead: list[Ticket] = []
        for ticket, full in self._tickets_ahead(now, ask):
            if full:
                self._mark(ticket, 0)
                if not full.isdisjoint(ask.pools):
                    ahead.append(ticket)
            elif not behind_own:  # else the ticket may be behind that call, too, and not be late at all
                since = self._mark(ticket, ticket.fits_since or now.tick)
                self.queue_moved |= since == now.tick >= ticket.seen + PATIENCE  # it may not know
                if now.tick - since < PATIENCE:
                    shared = next(name for name in ask.pools if name in ticket.pools)
                    return Blocker(Reason.QUEUE, shared, since + PATIENCE, ahead=ticket.address)
                self._drop(ticket)
        if not ahead:
            return worst
        until = self._frees_at(now, ask, {}, ahead)
        if worst is not None:
            return replace(worst, until=max(until, worst.until), ahead=ahead[0].address)
        shared = next(name for name in ask.pools if name in ahead[0].pools)
        return Blocker(Reason.QUEUE, shared, until, ahead=ahead[0].address)

    def _tickets_ahead(self, now: Moment, ask: Ask) -> Iterator[tuple[Ticket, set[str]]]:
        """Others' tickets that come first, each with the pools without room for it or one before it."""
        blocked: set[str] = set()
        for ticket in self.tickets.ahead_of(ask, self.process, now.tick):
            full = blocked.intersection(ticket.pools)
            if len(full) < len(ticket.pools):
                full |= self._full_pools(now, ticket.pools, ticket.amounts)
                blocked |= full
            yield ticket, full

    def _mark(self, ticket: Ticket, fits_since: int) -> int:
        if fits_since != ticket.fits_since:
            self._replace(ticket, fits_since=fits_since)
        return fits_since

    def _replace(self, ticket: Ticket, **fields: int) -> None:
        self.tickets.replace(ticket, **fields)
        self.changed.add(QUEUE + ticket.owner)

    def _drop(self, ticket: Ticket) -> None:
        self.tickets.drop(ticket)
        self.changed.add(QUEUE + ticket.owner)
        self.queue_moved = True

    def _full_pools(self, now: Moment, pools: Sequence[str], amounts: Amounts) -> set[str]:
        """The pools without room for a call now, queue aside."""
        return {
            name
            for name in pools
            if name in self.paused or self.pool(name).blocker(now, name, amounts) is not None
        }

    def _room_at(self, now: Moment, ticket: Ticket) -> int:
        """The earliest tick at which a ticket fits; ``NEVER`` while the user has paused one of its pools."""
        when = now.tick
        for name in ticket.pools:
            blocker = self.pool(name).blocker(now, name, ticket.amounts)
            if blocker is not None:
                when = max(when, blocker.until)
        return NEVER if self.paused.intersection(ticket.pools) else when

    def _frees_at(
        self, now: Moment, ask: Ask, earlier: Mapping[str, Amounts], tickets: Sequence[Ticket] = ()
    ) -> int:
        """The tick at which there is room for a call and everything ahead of it."""
        when = now.tick
        for name in ask.pools:
            pool = self.pool(name)
            rows = [pool.clamped(each.amounts) for each in tickets if name in each.pools]
            when = max(when, pool.frees_at(now, ask.amounts, amounts_of([earlier.get(name, {}), *rows])))
        return when
