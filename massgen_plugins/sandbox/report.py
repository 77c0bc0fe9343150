"""What the sandbox saw, as values, and its verdict on them."""

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
    """Every request since the start (or reset), the quotas in force by model, and what each limit saw."""

    requests: tuple[RequestRecord, ...] = ()
    quotas: Mapping[str, tuple[Quota, ...]] = field(default_factory=dict)
    limits: tuple[LimitReport, ...] = ()

    @property
    def arrived(self) -> int:
        """How many requests for an answer arrived, refused ones included (counting tokens asks for none)."""
        return sum(record.endpoint != "countTokens" for record in self.requests)

    @property
    def refused(self) -> int:
        """How many were refused, by a quota (wherever it said so) or by an injection at the headers."""
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
    def refusals(self) -> dict[str, int]:
        """How many requests were refused, by the name of each limit (or injected fault) that refused them."""
        return dict(Counter(name for record in self.requests for name in record.refused_by))

    @property
    def faults(self) -> dict[str, int]:
        """How many requests each injected fault struck, also inside a stream that began with 200."""
        return dict(Counter(record.fault for record in self.requests if record.fault))

    @property
    def bill(self) -> Decimal:
        """What all answers cost, in micro-dollars, exact."""
        return sum((record.cost for record in self.requests), Decimal(0))

    @property
    def models(self) -> tuple[ModelReport, ...]:
        """What each project did with each model, in the order of their first requests."""
        groups: dict[tuple[str, str, str], list[RequestRecord]] = {}
        for record in self.requests:
            groups.setdefault((record.host, record.project, record.quota_model), []).append(record)
        return tuple(model_report(*place, records) for place, records in groups.items())

    @property
    def most_concurrent(self) -> int:
        """The most requests that were answered at the same time, whoever sent them."""
        return most_concurrent(self.requests)

    def limit(self, name: str, scope: str | None = None) -> LimitReport:
        """The fullest limit of this name (``requests per 60 s``); raises ``KeyError`` if there was none."""
        found = [each for each in self.limits if each.name == name and scope in (None, each.scope)]
        if not found:
            raise KeyError(
                f"no limit {name!r} concerned a request; there were {[e.name for e in self.limits]}"
            )
        return max(found, key=lambda each: each.fullest)

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
