"""One pool: its book, its rules, what it has learned, and the limits in force that follow from them. Pure."""

from __future__ import annotations

from dataclasses import replace

from massgen_plugins.quota import MINUTE, Amounts, Bucket, Held, Kind, Limit, PoolRules, Sliding
from massgen_plugins.rate_limit.book import Book, Counter
from massgen_plugins.rate_limit.bucket_counters import BucketCounter, HeldCounter
from massgen_plugins.rate_limit.calendar_windows import CalendarCounter
from massgen_plugins.rate_limit.moment import NEVER, Moment
from massgen_plugins.rate_limit.penalties import FULL, Penalties
from massgen_plugins.rate_limit.verdict import Blocker, LimitView, Reason

__all__ = ["NO_RULES", "PoolState"]

NO_RULES = PoolRules(())


class PoolState:
    """What one process knows of a pool.

    Attributes:
        book: What was spent.
        rules: What is declared in this process; ``NO_RULES`` if nothing is, or it does not use the pool.
        others: What another process has declared; holds as long as this one says nothing.
        penalties: What was learned.
        limits: The limits in force, each with its amount in force and its counter.
        shortest: Nanoseconds of the shortest rolling window; 0 if one is a bucket.
        hasty: Whether a window is so short that an event loop may stand still for as long.
        cautious: Whether anything but the limits may stand in a call's way, so that a success matters.
    """

    __slots__ = (
        "_apart",
        "_held",
        "_processes",
        "book",
        "cautious",
        "hasty",
        "limits",
        "others",
        "penalties",
        "rules",
        "shortest",
    )

    def __init__(self) -> None:
        self.book = Book()
        self.rules = NO_RULES
        self.others: PoolRules | None = None
        self.penalties = Penalties()
        self.limits: list[tuple[int, Limit, Counter]] = []
        self.shortest = NEVER
        self.cautious = self.hasty = False
        self._held = False
        self._apart: Book | None = None
        self._processes = 1

    def refresh(self, tick: int) -> None:
        """Let declared and learned limits be in force, as far as caution allows."""
        self.cautious = self.penalties.cautious
        rules = self.others if self.rules is NO_RULES and self.others else self.rules
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
        self.hasty = min(rolling, default=NEVER) < MINUTE.length

    @property
    def paced(self) -> bool:
        """Whether it was declared, or is known, how fast calls may follow each other."""
        return bool(self.rules.limits or (self.others and self.others.limits)) or any(
            limit.kind == Kind.CONCURRENT
            or (limit.kind == Kind.REQUESTS and getattr(limit.window, "length", NEVER) <= MINUTE.length)
            for _, limit, _ in self.limits
        )

    def leases(self, expected: frozenset[str]) -> bool:
        """Whether a call with these kinds of expected charges holds anything here until it is over."""
        if not expected:
            return self._held
        return self._held or any(limit.kind in expected for _, limit, _ in self.limits)

    def go_alone(self, now: Moment, processes: int) -> None:
        """Take only a share of what is left: what others spend is not known any more."""
        if processes > 1:
            self.book.advance(now)
            self._apart, self._processes = Book.restore(self.book.dump()), processes

    def come_back(self) -> None:
        """Share with all others again."""
        self._apart = None

    def blocker(self, now: Moment, name: str, amounts: Amounts) -> Blocker | None:
        """What keeps a call from leaving, whoever comes first; what waiting does not cure before the rest."""
        if self._apart is not None:
            self._take_share(self._apart, now)
        penalty = self._penalty(now, name) if self.cautious else None
        if penalty is not None and penalty.final:
            return penalty
        for cap, _, counter in self.limits:
            amount = amounts.get(counter.kind)
            if amount and not (cap and counter.fits(now, cap, min(cap, amount))):
                break
        else:
            return penalty
        limit = self._used_up(now, name, amounts)
        if limit is None or (penalty is not None and not limit.final and penalty.until >= limit.until):
            return penalty
        return limit

    def frees_at(self, now: Moment, amounts: Amounts, ahead: Amounts) -> int:
        """The tick at which the rolling windows have room for a call and for what goes before it."""
        when = max(now.tick, self.penalties.pause)
        for cap, _, counter in self.limits:
            amount = amounts.get(counter.kind, 0)
            if amount and cap and not isinstance(counter, CalendarCounter):
                wanted = min(amount, cap) + ahead.get(counter.kind, 0)
                when = max(when, counter.frees_at(now, cap, wanted))
        return when

    def clamped(self, amounts: Amounts) -> dict[str, int]:
        """What a call takes, and of each limit no more than all of it: there is no more to give."""
        taken = dict(amounts)
        for cap, _, counter in self.limits:
            if cap and taken.get(counter.kind, 0) > cap:
                taken[counter.kind] = cap
        return taken

    def view(self, now: Moment) -> list[LimitView]:
        """Every limit with its use."""
        self.refresh(now.tick)
        self.book.advance(now)
        rows = []
        for cap, limit, counter in self.limits:
            resets = counter.clears_at(now, max(cap, 1)) - now.tick
            slot = _next_slot(counter, now, cap)
            rows.append(LimitView(limit, cap, _used(counter, now, cap), resets, slot))
        return rows

    def _take_share(self, apart: Book, now: Moment) -> None:
        """Of each limit, what was spent before counts in full, and of the rest an equal share is ours."""
        self.refresh(now.tick)
        apart.advance(now)
        shared = []
        for cap, limit, counter in self.limits:
            before = _used(apart.counter(limit), now, cap)
            share = before + (cap - before) // self._processes if cap > before else cap
            shared.append((max(share, 1) if cap else 0, limit, counter))
        self.limits = shared

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
            if (
                not key and until - tick <= self.rules.max_wait
            ):  # a hint, and not the end of a calendar window
                return Blocker(Reason.PAUSE, name, until, quote=quote)
            return Blocker(Reason.UNTIL, name, until, limit, resets=penalties.until, quote=quote)
        if penalties.pause > tick:
            return Blocker(Reason.PAUSE, name, penalties.pause, quote=quote)
        if penalties.probe > tick:
            return Blocker(Reason.PROBE, name, penalties.probe)
        return None

    def _used_up(self, now: Moment, name: str, amounts: Amounts) -> Blocker | None:
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


def _used(counter: Counter, now: Moment, cap: int) -> int:
    return counter.level(now, cap) if isinstance(counter, BucketCounter) and cap else counter.used


def _next_slot(counter: Counter, now: Moment, cap: int) -> int:
    if cap and counter.fits(now, cap, 1):
        return 0
    if not cap or isinstance(counter, HeldCounter):
        return NEVER
    return counter.frees_at(now, cap, 1) - now.tick
