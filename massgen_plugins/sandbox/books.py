"""The account of one limit: its window, and the charging, settlement and refund of calls."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import ROUND_CEILING, Decimal
from zoneinfo import ZoneInfo

from massgen_plugins.sandbox.limits import Charge, Quota, QuotaKind, Settlement, WindowShape
from massgen_plugins.sandbox.prices import Price, Usage
from massgen_plugins.sandbox.quotas import (
    NANOSECONDS,
    CalendarDay,
    FixedWindow,
    Places,
    SlidingWindow,
    TokenBucket,
    Window,
)
from massgen_plugins.sandbox.rulings import Standing, Violation

__all__ = ["Account", "Booking", "Demand", "open_window"]


@dataclass(frozen=True)
class Demand:
    """A call at its arrival: ``usage`` has its input, and no output yet.

    ``output_bound``: what the request allows, in tokens; ``characters``: of its input.
    """

    usage: Usage
    output_bound: int | None = None
    characters: int = 0
    price: Price = field(default_factory=Price)


class Account:
    """One limit of one project. ``scope``: the limited model or pool."""

    def __init__(self, quota: Quota, scope: str, epoch: int, *, pooled: bool = False) -> None:
        self.quota = quota
        self.scope = scope
        self.pooled = pooled
        self.charged = 0
        self.most = 0
        self.refused = 0
        self._window = open_window(quota, epoch)

    @property
    def name(self) -> str:
        """Name for reports and refusals, prefixed with a pool's name."""
        return f"{self.scope}: {self.quota.name}" if self.pooled else self.quota.name

    def violation(self, now: int, demand: Demand) -> Violation | None:
        """Why the limit refuses the call, or ``None``."""
        amount = charge(self.quota, demand)
        quota = self.quota
        # Output that is booked as it is produced is also refused if nothing is left.
        least = 1 if quota.settled_as is Settlement.PRODUCED else 0
        wait = self._window.wait(now, max(least, amount))
        if wait == 0:
            return None
        self.refused += 1
        daily = quota.shape is WindowShape.DAY or quota.window >= 72_000
        used = self._window.used(now)
        return Violation(quota.kind, daily, quota.limit, wait, used, amount, quota.window, self.name)

    def book(self, now: int, demand: Demand) -> Booking:
        """Charge an arrival, even if it does not fit."""
        booking = Booking(self, now, demand, charge(self.quota, demand))
        self._window.take(now, booking.amount)
        self._note(now, booking.amount)
        return booking

    def add(self, now: int, amount: int) -> None:
        """Charge output that was just produced."""
        self._window.take(now, amount)
        self._note(now, amount)

    def correct(self, at: int, now: int, delta: int) -> None:
        """Correct a charge made at ``at``."""
        self._window.correct(at, now, delta)
        self._note(now, delta)

    def give_back(self, at: int, now: int, amount: int) -> None:
        """Release a held amount; it stays charged in the report."""
        self._window.correct(at, now, -amount)

    def standing(self, now: int, requested: int) -> Standing:
        """The current state of the limit."""
        quota, used = self.quota, self._window.used(now)
        reset = self._window.full_in(now)
        return Standing(
            quota.kind, quota.shape, quota.window, quota.limit, quota.limit - used, reset, requested
        )

    def _note(self, now: int, amount: int) -> None:
        self.charged += amount
        self.most = max(self.most, self._window.used(now))


@dataclass
class Booking:
    """The charge of one call by one limit so far."""

    account: Account
    at: int
    demand: Demand
    amount: int
    ended: bool = False

    def produced(self, now: int, usage: Usage) -> None:
        """Update the output produced so far."""
        quota = self.account.quota
        if quota.settled_as is Settlement.PRODUCED and not self.ended:
            self._add(now, true_use(quota, usage, self.demand.price) - self.amount)

    def finished(self, now: int, usage: Usage) -> None:
        """End the call; idempotent."""
        if self.ended:
            return
        self.produced(now, usage)
        self.ended = True
        delta = true_use(self.account.quota, usage, self.demand.price) - self.amount
        rule = self.account.quota.settled_as
        if rule is Settlement.SETTLED or (rule is Settlement.RAISED and delta > 0):
            self.account.correct(self.at, now, delta)
            self.amount += delta
        if self.account.quota.shape is WindowShape.HELD:
            self.account.give_back(self.at, now, self.amount)

    def _add(self, now: int, amount: int) -> None:
        if amount > 0:
            self.account.add(now, amount)
            self.amount += amount


def charge(quota: Quota, demand: Demand) -> int:
    """The limit's charge for a call at its arrival."""
    bound = quota.unbounded if demand.output_bound is None else demand.output_bound
    match quota.charged_as:
        case Charge.NOTHING:
            return 0
        case Charge.COUNTED:
            return true_use(quota, demand.usage, demand.price)
        case Charge.ESTIMATED:
            return _of_tokens(quota, -(-demand.characters // 4), demand.price)
        case Charge.LARGER:
            return max(bound, -(-demand.characters // 4))
        case Charge.SUM:
            usage = demand.usage
            whole = Usage(usage.input, bound, usage.cached, usage.written)
            return true_use(quota, whole, demand.price)


def true_use(quota: Quota, usage: Usage, price: Price) -> int:
    """The amount that a call with this usage counts; money is rounded up to whole micro-dollars."""
    counted = usage.input - (usage.cached if quota.cached_free else 0)
    match quota.kind:
        case QuotaKind.INPUT_TOKENS:
            return counted
        case QuotaKind.OUTPUT_TOKENS:
            return usage.output
        case QuotaKind.TOTAL_TOKENS:
            return counted + usage.output
        case QuotaKind.COST:
            return _whole(price.of(usage))
    return 1


def _of_tokens(quota: Quota, tokens: int, price: Price) -> int:
    return true_use(quota, Usage(tokens), price) if quota.kind is not QuotaKind.OUTPUT_TOKENS else 0


def _whole(micro_dollars: Decimal) -> int:
    return int(micro_dollars.to_integral_value(ROUND_CEILING))


def open_window(quota: Quota, epoch: int) -> Window:
    """The window of a quota at the server's start, whose Unix time (nanoseconds) is ``epoch``."""
    length, phase = round(quota.window * NANOSECONDS), round(quota.phase * NANOSECONDS)
    match quota.shape:
        case WindowShape.HELD:
            return Places(quota.limit)
        case WindowShape.DAY:
            return CalendarDay(quota.limit, epoch, quota.spent, ZoneInfo(quota.zone))
        case WindowShape.SLIDING:
            sliding = SlidingWindow(quota.limit, length)
            if quota.spent:
                sliding.take(phase - length, quota.spent)
            return sliding
    window: Window = TokenBucket(quota.limit, length)
    if quota.shape is WindowShape.FIXED:
        window = FixedWindow(quota.limit, length, phase)
    window.take(0, quota.spent)
    return window
