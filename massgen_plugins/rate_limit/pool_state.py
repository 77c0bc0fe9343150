"""One pool: its book, rules and penalties, and the limits in force that follow. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from massgen_plugins.quota import MINUTE, Amounts, Bucket, Held, Kind, Limit, PoolRules, Sliding
from massgen_plugins.rate_limit.book import Book, Counter
from massgen_plugins.rate_limit.calendar_windows import CalendarCounter
from massgen_plugins.rate_limit.moment import NEVER, Moment
from massgen_plugins.rate_limit.penalties import FULL, Penalties
from massgen_plugins.rate_limit.rolling_windows import HeldCounter
from massgen_plugins.rate_limit.verdict import Blocker, LimitView, Reason

__all__ = ["NO_RULES", "PoolState", "Share"]

NO_RULES = PoolRules(())


class Share(NamedTuple):
    """An equal share of what was left of a pool's limits when the store was lost.

    Attributes:
        base: What was in use then.
        processes: How many processes share the rest.
        until: Tick at which it ends.
    """

    base: Book
    processes: int
    until: int = NEVER


class PoolState:
    """One process's view of a pool.

    Attributes:
        book: The counters.
        rules: Declared in this process; ``NO_RULES`` if none are, or if it does not use the pool.
        peer_rules: Declared by another process; used while this one declares none.
        penalties: Learned limits, and what refusals imposed.
        limits: The limits in force, each as (amount in force, limit, counter).
        shortest: Nanoseconds of the shortest rolling window; 0 if one is a bucket.
        short_window: Whether a window is so short that an event loop may block for as long.
        share: What this process may use of the limits, if other processes may use them unseen.
        cautious: Whether a penalty may block calls, so that successes matter.
    """

    __slots__ = (
        "_held",
        "book",
        "cautious",
        "limits",
        "peer_rules",
        "penalties",
        "rules",
        "share",
        "short_window",
        "shortest",
    )

    def __init__(self) -> None:
        self.book = Book()
        self.rules = NO_RULES
        self.peer_rules: PoolRules | None = None
        self.penalties = Penalties()
        self.limits: list[tuple[int, Limit, Counter]] = []
        self.shortest = NEVER
        self.cautious = self.short_window = False
        self._held = False
        self.share: Share | None = None

    def refresh(self, tick: int) -> None:
        """Recompute the limits in force."""
        self.cautious = self.penalties.cautious
        rules = self.peer_rules if self.rules is NO_RULES and self.peer_rules else self.rules
        declared = {limit.key for limit in rules.limits}
        learned = [limit for key, limit in self.penalties.learned.items() if key not in declared]
        self.limits = [
            (self.penalties.cap(limit, tick), limit, self.book.counter(limit))
            for limit in (*rules.limits, *learned)
        ]
        windows = [limit.window for _, limit, _ in self.limits]
        self.shortest = min((w.length for w in windows if isinstance(w, Sliding)), default=NEVER)
        self._held = any(isinstance(window, Held) for window in windows)
        if any(isinstance(window, Bucket) for window in windows):
            self.shortest = 0
        rolling = [window.length for window in windows if isinstance(window, Sliding | Bucket)]
        self.short_window = min(rolling, default=NEVER) < MINUTE.length

    @property
    def paced(self) -> bool:
        """Whether a limit, declared or learned, paces calls."""
        return bool(self.rules.limits or (self.peer_rules and self.peer_rules.limits)) or any(
            limit.kind == Kind.CONCURRENT
            or (limit.kind == Kind.REQUESTS and getattr(limit.window, "length", NEVER) <= MINUTE.length)
            for _, limit, _ in self.limits
        )

    def leases(self, expected: frozenset[str]) -> bool:
        """Whether a call with these expected kinds holds anything here until it ends."""
        if not expected:
            return self._held
        return self._held or any(limit.kind in expected for _, limit, _ in self.limits)

    def go_offline(self, now: Moment, processes: int) -> None:
        """Take an equal share of what is left, since the spending of others is unknown."""
        if processes > 1:
            self.book.advance(now)
            self.share = Share(Book.restore(self.book.dump()), processes)

    def blocker(self, now: Moment, name: str, amounts: Amounts) -> Blocker | None:
        """What keeps a call from leaving, queue aside; what waiting does not help goes first."""
        if self.share is not None:
            self._apply_share(self.share, now)
        penalty = self._penalty(now, name) if self.cautious else None
        if penalty is not None and penalty.final:
            return penalty
        for cap, _, counter in self.limits:
            amount = amounts.get(counter.kind)
            if amount and not (cap and counter.fits(now, cap, min(cap, amount))):
                break
        else:
            return penalty
        limit = self._exhausted_limit(now, name, amounts)
        if limit is None or (penalty is not None and not limit.final and penalty.until >= limit.until):
            return penalty
        return limit

    def frees_at(self, now: Moment, amounts: Amounts, ahead: Amounts) -> int:
        """The tick at which the rolling windows have room for a call and what goes ahead of it."""
        when = max(now.tick, self.penalties.pause)
        for cap, _, counter in self.limits:
            amount = amounts.get(counter.kind, 0)
            if amount and cap and not isinstance(counter, CalendarCounter):
                wanted = min(amount, cap) + ahead.get(counter.kind, 0)
                when = max(when, counter.frees_at(now, cap, wanted))
        return when

    def clamped(self, amounts: Amounts) -> dict[str, int]:
        """A call's amounts, each clamped to its limit."""
        taken = dict(amounts)
        for cap, _, counter in self.limits:
            if cap and taken.get(counter.kind, 0) > cap:
                taken[counter.kind] = cap
        return taken

    def view(self, now: Moment) -> list[LimitView]:
        """Every limit with its usage."""
        self.refresh(now.tick)
        self.book.advance(now)
        rows = []
        for cap, limit, counter in self.limits:
            resets = counter.clears_at(now, cap) - now.tick
            slot = _next_slot(counter, now, cap)
            rows.append(LimitView(limit, cap, counter.level(now, cap), resets, slot))
        return rows

    def _apply_share(self, share: Share, now: Moment) -> None:
        """Cap each limit at what was in use when the store was lost, plus the share of the rest."""
        self.refresh(now.tick)
        if now.tick >= share.until:
            self.share = None
            return
        capped = []
        for cap, limit, counter in self.limits:
            before = share.base.counter(limit).level(now, cap)
            most = before + (cap - before) // share.processes if cap > before else cap
            capped.append((max(most, 1) if cap else 0, limit, counter))
        self.limits = capped

    def _penalty(self, now: Moment, name: str) -> Blocker | None:
        penalties, tick = self.penalties, now.tick
        if penalties.share < FULL:
            self.refresh(tick)
        quote = penalties.quote
        if penalties.closed > tick:
            return Blocker(Reason.CLOSED, name, penalties.closed, advice=penalties.advice, quote=quote)
        if penalties.until > now.wall:
            key, until = penalties.until_key, tick + penalties.until - now.wall
            declared = next((limit for _, limit, _ in self.limits if limit.key == key), None)
            limit = penalties.learned.get(key, declared)
            if not key and until - tick <= self.rules.max_wait:  # a hint, not the end of a calendar window
                return Blocker(Reason.PAUSE, name, until, quote=quote)
            return Blocker(Reason.UNTIL, name, until, limit, resets=penalties.until, quote=quote)
        if penalties.pause > tick:
            return Blocker(Reason.PAUSE, name, penalties.pause, quote=quote)
        if penalties.probe > tick:
            return Blocker(Reason.PROBE, name, penalties.probe)
        return None

    def _exhausted_limit(self, now: Moment, name: str, amounts: Amounts) -> Blocker | None:
        worst: Blocker | None = None
        for cap, limit, counter in self.limits:
            amount = amounts.get(counter.kind, 0)
            if not amount:
                continue
            if not cap:
                return Blocker(Reason.CLOSED, name, now.tick, limit, advice=f"The limit in force is {limit}.")
            amount = min(amount, cap)
            if counter.fits(now, cap, amount):
                continue
            shown = replace(limit, amount=cap)
            if isinstance(counter, CalendarCounter):
                ends = counter.ends(now)
                return Blocker(Reason.UNTIL, name, now.tick + ends - now.wall, shown, resets=ends)
            until = counter.frees_at(now, cap, amount)
            if worst is None or until > worst.until:
                worst = Blocker(Reason.LIMIT, name, until, shown)
        return worst


def _next_slot(counter: Counter, now: Moment, cap: int) -> int:
    if cap and counter.fits(now, cap, 1):
        return 0
    if not cap or isinstance(counter, HeldCounter):
        return NEVER
    return counter.frees_at(now, cap, 1) - now.tick
