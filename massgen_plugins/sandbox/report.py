"""The sandbox's report and its evaluation."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import field
from decimal import Decimal

from pydantic import TypeAdapter
from pydantic.dataclasses import dataclass

from massgen_plugins.sandbox.limits import Quota, QuotaKind, WindowShape
from massgen_plugins.sandbox.records import (
    LimitReport,
    ModelReport,
    RequestRecord,
    model_report,
    most_concurrent,
    peak,
)

__all__ = ["LimitReport", "ModelReport", "RequestRecord", "SandboxReport"]


@dataclass(frozen=True)
class SandboxReport:
    """All requests since the start (or reset), the quotas in force, and the statistics of each limit."""

    requests: tuple[RequestRecord, ...] = ()
    quotas: Mapping[str, tuple[Quota, ...]] = field(default_factory=dict)
    limits: tuple[LimitReport, ...] = ()

    @property
    def arrived(self) -> int:
        """Number of model calls that arrived, including refused ones, but without token counting."""
        return sum(record.endpoint != "countTokens" for record in self.requests)

    @property
    def refused(self) -> int:
        """Number of calls refused by a quota, or by an injected refusal at the headers."""
        return sum(bool(record.refused_by) for record in self.requests)

    @property
    def served(self) -> int:
        """Number of calls answered with 200, including streams that broke later."""
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
    def refusals(self) -> dict[str, int]:
        """Number of refused requests, by name of the limit or injected fault."""
        return dict(Counter(name for record in self.requests for name in record.refused_by))

    @property
    def faults(self) -> dict[str, int]:
        """Number of requests hit by each injected fault, including those inside a 200 stream."""
        return dict(Counter(record.fault for record in self.requests if record.fault))

    @property
    def bill(self) -> Decimal:
        """The exact cost of all answers, in micro-dollars."""
        return sum((record.cost for record in self.requests), Decimal(0))

    @property
    def models(self) -> tuple[ModelReport, ...]:
        """Statistics by project and model, in order of their first requests."""
        groups: dict[tuple[str, str, str], list[RequestRecord]] = {}
        for record in self.requests:
            groups.setdefault((record.host, record.project, record.quota_model), []).append(record)
        return tuple(model_report(*place, records) for place, records in groups.items())

    @property
    def most_concurrent(self) -> int:
        """Maximum number of concurrent requests, over all clients."""
        return most_concurrent(self.requests)

    def limit(self, name: str, scope: str | None = None) -> LimitReport:
        """The fullest limit of this name (``requests per 60 s``); raises ``KeyError`` if there is none."""
        found = [each for each in self.limits if each.name == name and scope in (None, each.scope)]
        if not found:
            raise KeyError(
                f"no limit {name!r} concerned a request; there were {[e.name for e in self.limits]}"
            )
        return max(found, key=lambda each: each.fullest)

    @property
    def first_arrival(self) -> float | None:
        """Time of the first arrival, in seconds since the server's start; ``None`` without any."""
        return min((record.arrived for record in self.requests), default=None)

    @property
    def last_arrival(self) -> float | None:
        """Time of the last arrival, in seconds since the server's start; ``None`` without any."""
        return max((record.arrived for record in self.requests), default=None)

    @property
    def last_latency(self) -> float:
        """Seconds from arrival to the end of the response, for the last request to arrive."""
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
        """The fullest sliding window of ``length`` seconds, as a fraction of the limit; above 1: exceeded.

        Evaluates each project and quota model separately (only ``model`` if given); the largest fraction
        counts. Windows are half-open, and contain admitted requests, or all arrivals if ``with_refused``. The
        limit is ``limit`` if given, else the one in force for this kind and length, regardless of its shape.
        Raises ``ValueError`` if there is neither.
        """
        groups: dict[tuple[str, str], list[RequestRecord]] = {}
        for record in self.requests:
            wanted = model in (None, record.quota_model)
            if wanted and (record.admitted or (with_refused and record.refused_by)):
                groups.setdefault((record.project, record.quota_model), []).append(record)
        allowed = {name: limit or self._limit(name, kind, length) for _, name in groups}
        peaks = ((name, peak(records, kind, length)) for (_, name), records in groups.items())
        return max((most / allowed[name] for name, most in peaks), default=0.0)

    def to_json(self) -> str:
        """This report as JSON text, with totals for readers without this class."""
        totals = {"arrived": self.arrived, "served": self.served, "refused": self.refused}
        tokens = {"input_tokens": self.input_tokens, "output_tokens": self.output_tokens}
        more = {"refusals": self.refusals, "bill": str(self.bill), "most_concurrent": self.most_concurrent}
        models = _MODELS.dump_python(self.models, mode="json")
        known = _REPORT.dump_python(self, mode="json")
        return json.dumps({"totals": {**totals, **tokens, **more, "models": models}, **known})

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
_MODELS = TypeAdapter(tuple[ModelReport, ...])
