"""What the sandbox saw, as values, and its verdict on them."""

from __future__ import annotations

import json
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import field

from pydantic import TypeAdapter
from pydantic.dataclasses import dataclass

from massgen_plugins.sandbox.config import Quota, QuotaKind, WindowShape
from massgen_plugins.sandbox.quotas import NANOSECONDS

__all__ = ["RequestRecord", "SandboxReport"]


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
class SandboxReport:
    """Every request since the start (or reset), and the quotas in force, by model."""

    requests: tuple[RequestRecord, ...] = ()
    quotas: Mapping[str, tuple[Quota, ...]] = field(default_factory=dict)

    @property
    def arrived(self) -> int:
        """How many requests for an answer arrived, refused ones included (counting tokens asks for none)."""
        return sum(record.endpoint != "countTokens" for record in self.requests)

    @property
    def refused(self) -> int:
        """How many were answered with 429, by a quota or by an injected refusal at the headers."""
        return sum(bool(record.refused_by) for record in self.requests)

    @property
    def served(self) -> int:
        """How many were answered with 200 (a stream that broke later is among them)."""
        return sum(record.served for record in self.requests)

    @property
    def input_tokens(self) -> dict[str, int]:
        """Input tokens of the requests answered with 200, by the model whose quota they used."""
        return self._tokens("input_tokens")

    @property
    def output_tokens(self) -> dict[str, int]:
        """Output tokens of the requests answered with 200, by the model whose quota they used."""
        return self._tokens("output_tokens")

    @property
    def first_arrival(self) -> float | None:
        """Seconds since the server's start of the first arrival; ``None`` without any."""
        return min((record.arrived for record in self.requests), default=None)

    @property
    def last_arrival(self) -> float | None:
        """Seconds since the server's start of the last arrival; ``None`` without any."""
        return max((record.arrived for record in self.requests), default=None)

    @property
    def last_latency(self) -> float:
        """Seconds that the request that arrived last took, from arrival to the end of its response."""
        return self.requests[-1].latency if self.requests else 0.0

    def worst_window(
        self,
        kind: QuotaKind,
        length: float,
        *,
        model: str | None = None,
        limit: int | None = None,
        with_refused: bool = False,
    ) -> float:
        """The fullest sliding window of ``length`` seconds, as a fraction of the limit: above 1 is too much.

        Each project and quota model stands alone (only ``model`` if given); the largest fraction counts.
        Windows are half-open. The admitted requests are in them, or all that arrived if ``with_refused``.
        The limit is the one in force of this kind and length, whatever its shape, unless ``limit`` gives it.
        Raises ``ValueError`` if there is neither.
        """
        groups: dict[tuple[str, str], list[RequestRecord]] = {}
        for record in self.requests:
            wanted = model in (None, record.quota_model)
            if wanted and (record.admitted or (with_refused and record.refused_by)):
                groups.setdefault((record.project, record.quota_model), []).append(record)
        allowed = {name: limit or self._limit(name, kind, length) for _, name in groups}
        peaks = ((name, _peak(records, kind, length)) for (_, name), records in groups.items())
        return max((peak / allowed[name] for name, peak in peaks), default=0.0)

    def to_json(self) -> str:
        """This report as JSON text, with totals for readers without this class."""
        totals = {"arrived": self.arrived, "served": self.served, "refused": self.refused}
        tokens = {"input_tokens": self.input_tokens, "output_tokens": self.output_tokens}
        return json.dumps({"totals": {**totals, **tokens}, **_REPORT.dump_python(self, mode="json")})

    @staticmethod
    def from_json(text: str | bytes) -> SandboxReport:
        """The report in ``text``; raises ``ValueError``."""
        return _REPORT.validate_json(text)

    def _tokens(self, attribute: str) -> dict[str, int]:
        totals: Counter[str] = Counter()
        for record in self.requests:
            if record.served:
                totals[record.quota_model] += getattr(record, attribute)
        return dict(totals)

    def _limit(self, model: str, kind: QuotaKind, length: float) -> int:
        for quota in self.quotas.get(model, self.quotas.get("*", ())):
            if (
                quota.kind is kind
                and quota.window == length
                and quota.shape is not WindowShape.DAY
                and quota.limit
            ):
                return quota.limit
        raise ValueError(f"{model} has no limit of {kind} per {length} s; say which with `limit`")


_REPORT = TypeAdapter(SandboxReport)


def _peak(records: list[RequestRecord], kind: QuotaKind, length: float) -> int:
    """The largest sum within any ``(t - length, t]``; those that end with an arrival are enough."""
    nanoseconds = round(length * NANOSECONDS)
    window: deque[tuple[int, int]] = deque()
    inside = peak = 0
    for record in sorted(records, key=lambda record: record.arrived_ns):
        amount = record.input_tokens if kind is QuotaKind.INPUT_TOKENS else 1
        window.append((record.arrived_ns, amount))
        inside += amount
        while window[0][0] + nanoseconds <= record.arrived_ns:
            inside -= window.popleft()[1]
        peak = max(peak, inside)
    return peak
