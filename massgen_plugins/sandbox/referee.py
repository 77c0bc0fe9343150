"""The judge: counts every arrival against its quotas, rules on it, and keeps the record.

Synchronous and without a clock: the server says what arrived and when.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from massgen_plugins.sandbox.bodies import Violation, quota_id
from massgen_plugins.sandbox.config import (
    Fault,
    FaultRule,
    Place,
    Quota,
    QuotaKind,
    SandboxConfig,
    WindowShape,
)
from massgen_plugins.sandbox.faults import FaultPlan
from massgen_plugins.sandbox.quotas import (
    NANOSECONDS,
    CalendarDay,
    FixedWindow,
    SlidingWindow,
    TokenBucket,
    Window,
)
from massgen_plugins.sandbox.report import RequestRecord, SandboxReport

__all__ = ["Arrival", "Referee", "Ruling", "resolve_model"]

_SUFFIX = re.compile(r"-(?:preview|latest|exp|experimental|customtools)\b.*$|-\d{3}$")

_ERRORS = {Fault.INTERNAL, Fault.OVERLOADED}


@dataclass(frozen=True)
class Arrival:
    """What the server knows of a request: the key is used for its project and not kept."""

    key: str
    model: str
    endpoint: str
    input_tokens: int
    headers: Mapping[str, str] = field(default_factory=dict)
    streamed: bool = False


@dataclass(frozen=True)
class Ruling:
    """What to do with an arrival: refuse it for ``violations``, inject ``fault``, or else serve it."""

    number: int
    quota_model: str
    violations: tuple[Violation, ...] = ()
    fault: FaultRule | None = None


class Referee:
    """One sandbox's memory. ``unix``: the machine's Unix time (nanoseconds) at the server's start."""

    def __init__(self, config: SandboxConfig, *, unix: int) -> None:
        self._config = config
        self._epoch = unix + round(config.clock_offset * NANOSECONDS)
        self._quotas = self._by_resolved(config.quotas)
        self._last_number = 0
        self.reset()

    def reset(self) -> None:
        """Forget all requests, what they spent, and where the fault rules stand."""
        self._records: dict[int, RequestRecord] = {}
        self._books: dict[tuple[str, str], list[tuple[Quota, Window]]] = {}
        self._faults = FaultPlan(self._config.faults, self._config.seed)

    def change_quotas(self, quotas: Mapping[str, tuple[Quota, ...]]) -> None:
        """Enforce these from now on; what was spent before counts against them."""
        self._quotas = self._by_resolved(quotas)
        self._books = {}
        for record in self._records.values():
            if record.counted:
                self._charge(record)

    def arrive(self, now: int, arrival: Arrival) -> Ruling:
        """Count a well-formed request and rule on it."""
        record = self._record(now, arrival)
        violations = self._violations(record)
        if violations:
            names = tuple(quota_id(v.kind, daily=v.daily, tier=self._config.tier) for v in violations)
            self._keep(replace(record, refused_by=names, counted=self._config.count_refused))
            return Ruling(record.number, record.quota_model, violations=violations)
        rule = self._faults.next(record.quota_model)
        self._keep(self._injected(record, rule, streamed=arrival.streamed))
        return Ruling(record.number, record.quota_model, fault=rule)

    def note(self, now: int, arrival: Arrival, *, counted: bool) -> Ruling:
        """Keep the record of a request that asks no model: malformed, or only counting tokens."""
        record = replace(self._record(now, arrival), counted=counted and self._config.count_failed)
        self._keep(record)
        return Ruling(record.number, record.quota_model)

    def headers_left(self, number: int, now: int, status: int) -> None:
        """The response's headers left at ``now``."""
        if number in self._records:  # a reset forgets requests that are still being answered
            self._records[number] = replace(self._records[number], headers_ns=now, status=status)

    def finished(self, number: int, now: int, output_tokens: int = 0) -> None:
        """The whole response left (or its connection ended) at ``now``."""
        if number in self._records:
            self._records[number] = replace(
                self._records[number], finished_ns=now, output_tokens=output_tokens
            )

    def report(self) -> SandboxReport:
        """All that was seen so far."""
        return SandboxReport(requests=tuple(self._records.values()), quotas=self._quotas)

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
        )

    def _injected(self, record: RequestRecord, rule: FaultRule | None, *, streamed: bool) -> RequestRecord:
        """``record`` of a request within its quotas, that ``rule`` may spoil."""
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

    def _keep(self, record: RequestRecord) -> None:
        self._records[record.number] = record
        if record.counted:
            self._charge(record)

    def _charge(self, record: RequestRecord) -> None:
        for quota, window in self._book(record):
            window.take(record.arrived_ns, _amount(quota, record))

    def _violations(self, record: RequestRecord) -> tuple[Violation, ...]:
        found = []
        for quota, window in self._book(record):
            wait = window.wait(record.arrived_ns, _amount(quota, record))
            if wait != 0:
                found.append(Violation(quota.kind, quota.shape is WindowShape.DAY, quota.limit, wait))
        return tuple(found)

    def _book(self, record: RequestRecord) -> list[tuple[Quota, Window]]:
        place = (record.project, record.quota_model)
        if place not in self._books:
            quotas = self._quotas.get(record.quota_model, self._quotas.get("*", ()))
            self._books[place] = [(quota, _open(quota, self._epoch)) for quota in quotas]
        return self._books[place]

    def _by_resolved(self, quotas: Mapping[str, tuple[Quota, ...]]) -> dict[str, tuple[Quota, ...]]:
        return {resolve_model(model, self._config.aliases): limits for model, limits in quotas.items()}


def resolve_model(model: str, aliases: Mapping[str, str]) -> str:
    """The model whose quota ``model`` uses: its alias, else its name without preview and version suffixes."""
    return aliases.get(model) or _SUFFIX.sub("", model) or model


def _amount(quota: Quota, record: RequestRecord) -> int:
    return record.input_tokens if quota.kind is QuotaKind.INPUT_TOKENS else 1


def _open(quota: Quota, epoch: int) -> Window:
    length = round(quota.window * NANOSECONDS)
    match quota.shape:
        case WindowShape.SLIDING:
            return SlidingWindow(quota.limit, length)
        case WindowShape.FIXED:
            return FixedWindow(quota.limit, length, round(quota.phase * NANOSECONDS))
        case WindowShape.BUCKET:
            return TokenBucket(quota.limit, length)
        case WindowShape.DAY:
            return CalendarDay(quota.limit, epoch, quota.spent)
