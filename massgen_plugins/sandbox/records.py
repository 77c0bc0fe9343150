"""What the sandbox remembers: one request, one limit, one model."""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Iterable, Mapping
from dataclasses import field
from decimal import Decimal

from pydantic.dataclasses import dataclass

from massgen_plugins.sandbox.limits import Quota, QuotaKind
from massgen_plugins.sandbox.quotas import NANOSECONDS

__all__ = ["LimitReport", "ModelReport", "RequestRecord", "model_report", "most_concurrent", "peak"]


@dataclass(frozen=True)
class RequestRecord:
    """One request as the server saw it. Times are nanoseconds since the server's start.

    ``arrived_ns``: the moment it was counted; ``headers_ns``: its response's headers left; ``finished_ns``:
    all of it had left; both 0 while that has not happened.
    ``project``: a fingerprint, never the key.
    ``model``: as asked for; ``quota_model``: the model whose quota it used.
    ``endpoint``: the protocol's name of the method.
    ``status``: of HTTP, 0 for a connection that was reset before the headers.
    ``counted``: it spent quota. ``refused_by``: names of the limits that refused it, or of an injected 429.
    ``fault``: what was injected. ``headers``: those that tell a retry or a client.
    ``host``: whose dialect it spoke. ``output_bound``: tokens of output it allowed, ``None`` without.
    ``cached_tokens``, ``written_tokens``: parts of the input read from, and written to, the cache.
    ``charged``: what it was charged, by the name of the limit. ``cost``: micro-dollars, exact.
    """

    number: int
    arrived_ns: int
    project: str
    model: str
    quota_model: str
    endpoint: str
    input_tokens: int
    status: int = 0
    output_tokens: int = 0
    counted: bool = False
    refused_by: tuple[str, ...] = ()
    fault: str | None = None
    headers_ns: int = 0
    finished_ns: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    host: str = "gemini"
    output_bound: int | None = None
    cached_tokens: int = 0
    written_tokens: int = 0
    charged: Mapping[str, int] = field(default_factory=dict)
    cost: Decimal = Decimal(0)

    @property
    def arrived(self) -> float:
        """Seconds since the server's start at which it was counted."""
        return self.arrived_ns / NANOSECONDS

    @property
    def latency(self) -> float:
        """Seconds from arrival to the end of the response; 0 if it has not ended."""
        return max(0, self.finished_ns - self.arrived_ns) / NANOSECONDS

    @property
    def admitted(self) -> bool:
        """Whether it arrived within its quotas and spent some."""
        return self.counted and not self.refused_by

    @property
    def served(self) -> bool:
        """Whether it asked for an answer and got one."""
        return self.admitted and self.status == 200


@dataclass(frozen=True)
class LimitReport:
    """What one limit saw: of a host, of a project there, for a model or a pool (``scope``).

    ``charged``: the sum of all charges, settled ones as settled. ``most``: the most that was in its window at
    once, by its own shape. ``refused``: how many requests it refused.
    """

    host: str
    project: str
    scope: str
    quota: Quota
    name: str
    charged: int = 0
    most: int = 0
    refused: int = 0

    @property
    def fullest(self) -> float:
        """The fullest window as a fraction of the limit: above 1 is too much; 0 of a limit of 0."""
        return self.most / self.quota.limit if self.quota.limit else 0.0


@dataclass(frozen=True)
class ModelReport:
    """What one project did with one model: numbers of requests and tokens, and the bill in micro-dollars.

    ``refusals``: how many were refused, by the name of the limit or of the injected fault.
    ``most_concurrent``: the most that were answered at the same time.
    """

    host: str
    project: str
    model: str
    arrived: int
    served: int
    refused: int
    refusals: Mapping[str, int]
    input_tokens: int
    cached_tokens: int
    output_tokens: int
    bill: Decimal
    most_concurrent: int


def model_report(host: str, project: str, model: str, records: list[RequestRecord]) -> ModelReport:
    """What these requests of one project for one model did."""
    served = [record for record in records if record.served]
    return ModelReport(
        host,
        project,
        model,
        arrived=len(records),
        served=len(served),
        refused=sum(bool(record.refused_by) for record in records),
        refusals=dict(Counter(name for record in records for name in record.refused_by)),
        input_tokens=sum(record.input_tokens for record in served),
        cached_tokens=sum(record.cached_tokens for record in served),
        output_tokens=sum(record.output_tokens for record in served),
        bill=sum((record.cost for record in records), Decimal(0)),
        most_concurrent=most_concurrent(records),
    )


def most_concurrent(records: Iterable[RequestRecord]) -> int:
    """An answer that ends at the very moment at which a request arrives is over by then."""
    admitted = [record for record in records if record.admitted]
    steps = [(record.arrived_ns, 1) for record in admitted]
    steps += [(record.finished_ns, -1) for record in admitted if record.finished_ns]
    inside = most = 0
    for _, step in sorted(steps):
        inside += step
        most = max(most, inside)
    return most


def peak(records: list[RequestRecord], kind: QuotaKind, length: float) -> int:
    """The largest sum within any ``(t - length, t]``; those that end with an arrival are enough."""
    nanoseconds = round(length * NANOSECONDS)
    window: deque[tuple[int, int]] = deque()
    inside = most = 0
    for record in sorted(records, key=lambda record: record.arrived_ns):
        amount = _amount(record, kind)
        window.append((record.arrived_ns, amount))
        inside += amount
        while window[0][0] + nanoseconds <= record.arrived_ns:
            inside -= window.popleft()[1]
        most = max(most, inside)
    return most


def _amount(record: RequestRecord, kind: QuotaKind) -> int:
    """What a record weighs by its true use, whatever its limits charged."""
    match kind:
        case QuotaKind.INPUT_TOKENS:
            return record.input_tokens
        case QuotaKind.OUTPUT_TOKENS:
            return record.output_tokens
        case QuotaKind.TOTAL_TOKENS:
            return record.input_tokens + record.output_tokens
        case QuotaKind.COST:
            return math.ceil(record.cost)
    return 1
