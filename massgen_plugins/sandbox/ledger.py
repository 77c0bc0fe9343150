"""All accounts of a sandbox, and the charges of every call."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from functools import partial
from operator import itemgetter

from massgen_plugins.sandbox.books import Account, Booking, Demand
from massgen_plugins.sandbox.limits import Pool, Quota, WindowShape
from massgen_plugins.sandbox.prices import Price, Usage
from massgen_plugins.sandbox.report import LimitReport
from massgen_plugins.sandbox.rulings import Standing, Violation

__all__ = ["Entry", "Ledger", "Whose"]


@dataclass(frozen=True)
class Whose:
    """What determines the limits of a call: host, project, and model as requested and as resolved."""

    host: str
    project: str
    model: str
    quota_model: str


@dataclass
class Entry:
    """A call in the ledger: its arrival, and its output until it was over.

    ``holds``: it counts towards concurrency (a refused one does not). ``counted``: it is charged.
    """

    arrived: int
    whose: Whose
    demand: Demand
    holds: bool = True
    counted: bool = False
    bookings: list[Booking] = field(default_factory=list)
    output: list[tuple[int, int]] = field(default_factory=list)
    over: tuple[int, int] | None = None

    def usage(self, output_tokens: int) -> Usage:
        """Its usage with this much output."""
        return replace(self.demand.usage, output=output_tokens)


class Ledger:
    """Books calls by number. ``epoch``: Unix time of the clock's zero, in nanoseconds."""

    def __init__(self, quotas: Mapping[str, tuple[Quota, ...]], pools: Sequence[Pool], epoch: int) -> None:
        self._quotas = quotas
        self._pools = tuple(pools)
        self._epoch = epoch
        self._accounts: dict[tuple[str, str, str, bool], list[Account]] = {}
        self._entries: dict[int, Entry] = {}

    def violations(self, now: int, whose: Whose, demand: Demand) -> tuple[Violation, ...]:
        """The limits that refuse the call; empty if it fits."""
        found = [account.violation(now, demand) for account in self._of(whose)]
        return tuple(violation for violation in found if violation is not None)

    def enter(self, number: int, entry: Entry, *, counted: bool) -> None:
        """Add the call, and charge it if it is counted."""
        self._entries[number] = entry
        if counted:
            self._book(entry)

    def produced(self, number: int, now: int, output_tokens: int) -> None:
        """Update the tokens sent by ``now``; ignored for unknown calls."""
        entry = self._entries.get(number)
        if entry is not None and entry.over is None:
            entry.output.append((now, output_tokens))
            _tell(entry, lambda booking: booking.produced(now, entry.usage(output_tokens)))

    def finished(self, number: int, now: int, output_tokens: int) -> tuple[Usage, Price]:
        """End the call; returns its usage and price."""
        entry = self._entries[number]
        if entry.over is None:
            entry.over = (now, output_tokens)
            _tell(entry, lambda booking: booking.finished(now, entry.usage(output_tokens)))
        return entry.usage(output_tokens), entry.demand.price

    def charged(self, number: int) -> dict[str, int]:
        """The call's charges, by name of the limit."""
        return {booking.account.name: booking.amount for booking in self._entries[number].bookings}

    def standings(self, number: int, now: int) -> tuple[Standing, ...]:
        """The state of the call's limits; empty for an unknown call."""
        entry = self._entries.get(number)
        if entry is None:
            return ()
        amounts = {id(booking.account): booking.amount for booking in entry.bookings}
        return tuple(each.standing(now, amounts.get(id(each), 0)) for each in self._of(entry.whose))

    def replayed(self, quotas: Mapping[str, tuple[Quota, ...]]) -> Ledger:
        """A ledger of the same calls under different limits."""
        new = Ledger(quotas, self._pools, self._epoch)
        steps: list[tuple[int, Callable[[], object]]] = []
        for number, old in self._entries.items():
            entry = Entry(old.arrived, old.whose, old.demand, old.holds)
            new.enter(number, entry, counted=False)
            if old.counted:
                steps.append((old.arrived, partial(new._book, entry)))
            steps += [(at, partial(new.produced, number, at, output)) for at, output in old.output]
            if old.over is not None:
                steps.append((old.over[0], partial(new.finished, number, *old.over)))
        for _, step in sorted(steps, key=itemgetter(0)):
            step()
        return new

    def report(self) -> tuple[LimitReport, ...]:
        """The report of every limit that applied to a call."""
        return tuple(
            LimitReport(host, project, scope, each.quota, each.name, each.charged, each.most, each.refused)
            for (host, project, scope, _), accounts in self._accounts.items()
            for each in accounts
        )

    def _book(self, entry: Entry) -> None:
        entry.counted = True
        for account in self._of(entry.whose):
            if entry.holds or account.quota.shape is not WindowShape.HELD:
                entry.bookings.append(account.book(entry.arrived, entry.demand))

    def _of(self, whose: Whose) -> list[Account]:
        quotas = self._quotas.get(whose.quota_model, self._quotas.get("*", ()))
        found = [*self._open(whose, whose.quota_model, quotas, pooled=False)]
        for pool in self._pools:
            if _concerns(pool, whose):
                found += self._open(whose, pool.name, pool.quotas, pooled=True)
        return found

    def _open(self, whose: Whose, scope: str, quotas: Sequence[Quota], *, pooled: bool) -> list[Account]:
        place = (whose.host, whose.project, scope, pooled)
        if place not in self._accounts:
            self._accounts[place] = [Account(quota, scope, self._epoch, pooled=pooled) for quota in quotas]
        return self._accounts[place]


def _concerns(pool: Pool, whose: Whose) -> bool:
    names = (whose.model, whose.quota_model)
    matches = any(fnmatchcase(name, pattern) for name in names for pattern in pool.models)
    return matches and pool.provider in ("", whose.host)


def _tell(entry: Entry, what: Callable[[Booking], None]) -> None:
    for booking in entry.bookings:
        what(booking)
