"""The sandbox's records of requests, limits and models."""

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
    """A request as seen by the server. Times are nanoseconds since the server's start.

    ``arrived_ns``: when it was counted; ``headers_ns``: when the response's headers were sent;
    ``finished_ns``: when the response was complete; both 0 until then.
    ``project``: a fingerprint, never the key.
    ``model``: as requested; ``quota_model``: the model whose quota it used.
    ``endpoint``: the protocol's name for the method.
    ``status``: HTTP status, 0 for a connection that was reset before the headers.
    ``counted``: it used quota. ``refused_by``: names of the limits that refused it, or of an injected 429.
    ``fault``: the injected fault. ``headers``: those that identify retries and clients.
    ``host``: its dialect. ``output_bound``: its limit on output tokens, ``None`` without one.
    ``cached_tokens``, ``written_tokens``: input read from, and written to, the cache.
    ``charged``: its charges by name of the limit. ``cost``: micro-dollars, exact.
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
        """When it was counted, in seconds since the server's start."""
        return self.arrived_ns / NANOSECONDS

    @property
    def latency(self) -> float:
        """Seconds from arrival to the end of the response; 0 until then."""
        return max(0, self.finished_ns - self.arrived_ns) / NANOSECONDS

    @property
    def admitted(self) -> bool:
        """Whether it was within its quotas and used some."""
        return self.counted and not self.refused_by

    @property
    def served(self) -> bool:
        """Whether it was a model call and got an answer."""
        return self.admitted and self.status == 200


@dataclass(frozen=True)
class LimitReport:
    """Statistics of a limit: for a host, a project, and a model or pool (``scope``).

    ``charged``: the sum of all charges after settlement. ``most``: the highest amount in its window.
    ``refused``: number of requests it refused.
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
        """The fullest window as a fraction of the limit; above 1 means exceeded; 0 for a limit of 0."""
        return self.most / self.quota.limit if self.quota.limit else 0.0


@dataclass(frozen=True)
class ModelReport:
    """Statistics of a project and model: requests, tokens, and the bill in micro-dollars.

    ``refusals``: number of refusals, by name of the limit or injected fault.
    ``most_concurrent``: maximum number of concurrent requests.
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
    """The statistics of these requests of one project to one model."""
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
    """Maximum number of concurrent requests; one that ends as another arrives does not overlap it."""
    admitted = [record for record in records if record.admitted]
    steps = [(record.arrived_ns, 1) for record in admitted]
    steps += [(record.finished_ns, -1) for record in admitted if record.finished_ns]
    inside = most = 0
    for _, step in sorted(steps):
        inside += step
        most = max(most, inside)
    return most


def peak(records: list[RequestRecord], kind: QuotaKind, length: float) -> int:
    """The largest sum in any ``(t - length, t]``; it suffices to check those that end with an arrival."""
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
    """A record's amount by actual usage, regardless of its charges."""
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
