"""Which of its limits Gemini names as violated, in the details of a refusal or in its prose."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from massgen_plugins.middleware import StatedLimit
from massgen_plugins.providers.gemini.errors import GeminiError
from massgen_plugins.quota import Kind

__all__ = ["Violation", "read_violations"]

_PROSE = re.compile(r"metric: (?P<metric>[\w./-]{1,200}), limit: (?P<limit>[0-9]{1,15})\b")
_SPAN = re.compile(r"per_?(?P<span>minute|day)", re.IGNORECASE)

# Only these are quotas of the model itself. Others, such as grounding's, must not teach the model's limits.
_MODEL_QUOTA = re.compile(r"Generate(?:Content)?(?:PaidTier|FreeTier)?(?P<kind>Requests|InputTokens)Per")
_KINDS = {"Requests": Kind.REQUESTS, "InputTokens": Kind.INPUT_TOKENS}


@dataclass(frozen=True, slots=True)
class Violation:
    """One limit that a refusal names.

    Attributes:
        name: The ``quotaId``, else the metric.
        amount: The limit; None if it is not stated.
        free_tier: Whether it belongs to the free tier.
    """

    name: str
    amount: int | None
    free_tier: bool

    @property
    def span(self) -> str:
        """``minute``, ``day``, or empty when the name does not tell."""
        match = _SPAN.search(self.name)
        return match["span"].lower() if match else ""

    @property
    def stated(self) -> StatedLimit | None:
        """The limit as a value; None when it is no limit of the model's requests or input tokens."""
        match = _MODEL_QUOTA.match(self.name)
        if match is None or not self.span:
            return None
        return StatedLimit(_KINDS[match["kind"]], per_day=self.span == "day", amount=self.amount)


def read_violations(error: GeminiError) -> Sequence[Violation]:
    """All limits that the error names, without repetition; of the prose only if the details name none.

    A ``quotaValue`` of zero is left out of the JSON, as Protocol Buffers do, while the prose says
    ``limit: 0``. So an absent value is taken from the prose when that is of one mind about the metric.
    """
    prose: dict[str, set[int]] = {}
    for match in _PROSE.finditer(error.message):
        prose.setdefault(match["metric"], set()).add(int(match["limit"]))
    detailed = [_from_detail(violation, prose) for violation in _detailed(error)]
    return tuple(dict.fromkeys(detailed or _from_prose(prose)))


def _detailed(error: GeminiError) -> Iterator[dict[str, Any]]:
    for detail in error.details:
        violations = detail.get("violations")
        if isinstance(violations, list):
            yield from (violation for violation in violations if isinstance(violation, dict))


def _from_detail(violation: dict[str, Any], prose: dict[str, set[int]]) -> Violation:
    metric, name = str(violation.get("quotaMetric", "")), str(violation.get("quotaId", ""))
    value = str(violation.get("quotaValue", ""))
    if value.isascii() and value.isdigit() and len(value) <= 15:
        amounts = {int(value)}
    else:
        amounts = prose.get(metric, set())
    amount = next(iter(amounts)) if len(amounts) == 1 else None
    return Violation(name or metric, amount, free_tier="FreeTier" in name or "free_tier" in metric)


def _from_prose(prose: dict[str, set[int]]) -> list[Violation]:
    return [
        Violation(metric, amount, free_tier="free_tier" in metric)
        for metric, amounts in prose.items()
        for amount in sorted(amounts)
    ]
