"""The referee: counts every arrival against its quotas, rules on it, and keeps the record.

Synchronous and without a clock: the server passes arrivals and times.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from massgen_plugins.sandbox.bodies import quota_id
from massgen_plugins.sandbox.books import Demand
from massgen_plugins.sandbox.config import (
    Fault,
    FaultRule,
    Host,
    Place,
    Quota,
    QuotaKind,
    SandboxConfig,
)
from massgen_plugins.sandbox.faults import FaultPlan
from massgen_plugins.sandbox.ledger import Entry, Ledger, Whose
from massgen_plugins.sandbox.prices import Price, Usage
from massgen_plugins.sandbox.quotas import NANOSECONDS
from massgen_plugins.sandbox.report import RequestRecord, SandboxReport
from massgen_plugins.sandbox.rulings import Standing, Violation

__all__ = ["Arrival", "Referee", "Ruling", "resolve_model"]

_SUFFIX = re.compile(r"-(?:preview|latest|exp|experimental|customtools)\b.*$|-\d{3}$")

_ERRORS = {Fault.INTERNAL, Fault.OVERLOADED}


@dataclass(frozen=True)
class Arrival:
    """A request at its arrival; the key determines its project and is not kept.

    ``output_bound``: its limit on output tokens, ``None`` without one.
    ``characters``: of its input, for providers that estimate by them.
    """

    key: str
    model: str
    endpoint: str
    input_tokens: int
    headers: Mapping[str, str] = field(default_factory=dict)
    streamed: bool = False
    host: Host = Host.GEMINI
    output_bound: int | None = None
    characters: int = 0


@dataclass(frozen=True)
class Ruling:
    """The ruling on an arrival: refuse it for ``violations``, inject ``fault``, or else serve it.

    ``usage``: its input, with cache reads and writes.
    """

    number: int
    quota_model: str
    violations: tuple[Violation, ...] = ()
    fault: FaultRule | None = None
    usage: Usage = field(default_factory=lambda: Usage(0))
    price: Price | None = None


class Referee:
    """The state of a sandbox. ``unix``: Unix time (nanoseconds) at the server's start."""

    def __init__(self, config: SandboxConfig, *, unix: int) -> None:
        self._config = config
        self._epoch = unix + round(config.clock_offset * NANOSECONDS)
        self._quotas = self._by_resolved(config.quotas)
        self._prices = {resolve_model(model, config.aliases): price for model, price in config.prices.items()}
        self._last_number = 0
        self.reset()

    def reset(self) -> None:
        """Forget all requests and their usage, and restart the fault rules."""
        self._records: dict[int, RequestRecord] = {}
        self._ledger = Ledger(self._quotas, self._config.pools, self._epoch)
        self._faults = FaultPlan(self._config.faults, self._config.seed)
        self._cached: set[Whose] = set()

    def change_quotas(self, quotas: Mapping[str, tuple[Quota, ...]]) -> None:
        """Replace the quotas; earlier usage counts towards them."""
        self._quotas = self._by_resolved(quotas)
        self._ledger = self._ledger.replayed(self._quotas)

    def arrive(self, now: int, arrival: Arrival) -> Ruling:
        """Count a well-formed request and rule on it."""
        record = self._record(now, arrival)
        whose = _whose(record)
        usage = self._cache(whose, record.input_tokens)
        price = self._prices.get(record.quota_model, self._prices.get("*"))
        demand = Demand(usage, arrival.output_bound, arrival.characters, price or Price())
        violations = self._ledger.violations(now, whose, demand)
        rule = None
        if violations:
            names = tuple(self._name(arrival.host, each) for each in violations)
            record = replace(record, refused_by=names, counted=self._config.count_refused)
        else:
            rule = self._faults.next(record.quota_model)
            record = self._injected(record, rule, streamed=arrival.streamed)
        self._keep(record, Entry(now, whose, demand, holds=not record.refused_by))
        return Ruling(record.number, record.quota_model, violations, rule, usage, price)

    def note(self, now: int, arrival: Arrival, *, counted: bool) -> Ruling:
        """Record a request that is not a model call: malformed, or only counting tokens."""
        record = replace(self._record(now, arrival), counted=counted and self._config.count_failed)
        self._keep(record, Entry(now, _whose(record), Demand(Usage(0), 0), holds=False))
        return Ruling(record.number, record.quota_model)

    def headers_left(self, number: int, now: int, status: int) -> None:
        """Called when the response's headers are sent."""
        if number in self._records:  # a reset also forgets requests in progress
            self._records[number] = replace(self._records[number], headers_ns=now, status=status)

    def produced(self, number: int, now: int, output_tokens: int) -> None:
        """Update the output tokens sent by ``now``."""
        self._ledger.produced(number, now, output_tokens)

    def finished(self, number: int, now: int, output_tokens: int = 0) -> None:
        """Called when the response is complete, or its connection has ended."""
        if number not in self._records:
            return
        usage, price = self._ledger.finished(number, now, output_tokens)
        record = self._records[number]
        billed = record.served and not (record.fault and not output_tokens)
        self._records[number] = replace(
            record,
            finished_ns=now,
            output_tokens=output_tokens,
            charged=self._ledger.charged(number),
            cost=price.of(usage) if billed else record.cost,
        )

    def standings(self, number: int, now: int) -> tuple[Standing, ...]:
        """The state of the limits of the request ``number``."""
        return self._ledger.standings(number, now)

    def unix(self, now: int) -> int:
        """Convert ``now`` to Unix time in nanoseconds, with the configured offset."""
        return self._epoch + now

    def report(self) -> SandboxReport:
        """The report so far."""
        limits = self._ledger.report()
        return SandboxReport(tuple(self._records.values()), self._quotas, limits)

    def _record(self, now: int, arrival: Arrival) -> RequestRecord:
        self._last_number += 1
        project = self._config.projects.get(arrival.key, arrival.key)
        return RequestRecord(
            number=self._last_number,
            arrived_ns=now,
            project=hashlib.sha256(project.encode("utf-8", "replace")).hexdigest()[:12],
            model=arrival.model,
            quota_model=resolve_model(arrival.model, self._config.aliases),
            endpoint=arrival.endpoint,
            input_tokens=arrival.input_tokens,
            headers=arrival.headers,
            host=str(arrival.host),
            output_bound=arrival.output_bound,
        )

    def _injected(self, record: RequestRecord, rule: FaultRule | None, *, streamed: bool) -> RequestRecord:
        """Apply the injected fault of ``rule``, if any, to a record of a request within its quotas."""
        if rule is None:
            return replace(record, counted=True)
        record = replace(record, fault=str(rule.fault))
        at_headers = rule.place is Place.HEADERS or not streamed
        if at_headers and rule.fault.is_refusal:
            names = (f"injected:{rule.fault}",)
            return replace(record, refused_by=names, counted=self._config.count_refused)
        if at_headers and rule.fault in _ERRORS:
            return replace(record, counted=self._config.count_failed)
        return replace(record, counted=True)

    def _keep(self, record: RequestRecord, entry: Entry) -> None:
        self._ledger.enter(record.number, entry, counted=record.counted)
        usage = entry.demand.usage
        self._records[record.number] = replace(
            record,
            cached_tokens=usage.cached,
            written_tokens=usage.written,
            charged=self._ledger.charged(record.number),
        )
        if record.admitted:
            self._cached.add(entry.whose)

    def _cache(self, whose: Whose, tokens: int) -> Usage:
        """Simulate the provider's cache: the first call writes it, later ones read it."""
        share = int(tokens * self._config.cached_share)
        if whose in self._cached:
            return Usage(tokens, cached=share)
        return Usage(tokens, written=share if whose.host == Host.ANTHROPIC else 0)

    def _name(self, host: Host, violation: Violation) -> str:
        """Gemini's name for a quota, if it has one; else ours."""
        known = violation.kind in {QuotaKind.REQUESTS, QuotaKind.INPUT_TOKENS}
        if host is Host.GEMINI and known and ":" not in violation.name:
            return quota_id(violation.kind, daily=violation.daily, tier=self._config.tier)
        return violation.name

    def _by_resolved(self, quotas: Mapping[str, tuple[Quota, ...]]) -> dict[str, tuple[Quota, ...]]:
        return {resolve_model(model, self._config.aliases): limits for model, limits in quotas.items()}


def resolve_model(model: str, aliases: Mapping[str, str]) -> str:
    """The model whose quota ``model`` uses: its alias, else its name without preview or version suffix."""
    return aliases.get(model) or _SUFFIX.sub("", model) or model


def _whose(record: RequestRecord) -> Whose:
    return Whose(record.host, record.project, record.model, record.quota_model)
