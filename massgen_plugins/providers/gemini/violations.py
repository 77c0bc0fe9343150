"""The exceeded limits stated in a refusal: in ``QuotaFailure``, in ``ErrorInfo``, or in its prose."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from massgen_plugins.middleware import StatedLimit
from massgen_plugins.providers.gemini.errors import GeminiError
from massgen_plugins.providers.gemini.quota_names import is_free_tier, is_of_model, kind_of, window_of
from massgen_plugins.providers.gemini.tools import pool_of_quota
from massgen_plugins.providers.headers import parse_number
from massgen_plugins.quota import Window

__all__ = ["Violation", "bucket_name", "read_violations"]

_MODEL = r"[\w.@+-]{1,100}"
_WITH_VALUE = re.compile(
    rf"metric: (?P<metric>[\w./-]{{1,200}}), limit: (?P<limit>[0-9]{{1,15}})\b"
    rf"(?:, model: (?P<model>{_MODEL}))?"
)
_QUOTED = re.compile(r"quota metric '(?P<metric>[^'\n]{1,200})' and limit '(?P<name>[^'\n]{1,200})'")
_VERTEX = re.compile(
    rf"exceeded for (?P<metric>[\w.-]{{1,100}}/\w{{1,150}})(?: with base model: (?P<model>{_MODEL}))?"
)
_TEXT_FORMAT = re.compile(
    r'quota_metric: "(?P<metric>[^"\n]{1,200})"\s{1,20}quota_id: "(?P<name>[^"\n]{1,200})"'
    r"(?P<rest>[^\]]{0,600}?(?=violations \{|links \{|retry_delay \{|\]|\Z))"
)
"""Of a violation as the older Google SDK shows it, in Protocol Buffers' text format."""
_TEXT_VALUE = re.compile(r"quota_value: ([0-9]{1,15})\b")
_TEXT_MODEL = re.compile(rf'key: "(?:base_)?model"\s{{1,20}}value: "({_MODEL})"')
_BUCKET = re.compile(rf"(?:models/)?({_MODEL}?)\.?")


@dataclass(frozen=True, slots=True)
class Violation:
    """A limit stated in a refusal.

    Attributes:
        name: Its name, such as a ``quotaId``; the metric if there is none.
        metric: The limited metric; may be empty.
        amount: The limit; None if not stated.
        model: The model whose quota it is, such as ``gemini-2.5-pro-exp``; empty if not stated.
    """

    name: str
    metric: str = ""
    amount: int | None = None
    model: str = ""

    @property
    def window(self) -> Window | None:
        """Its window; None if neither name contains one."""
        return window_of(self.name) or window_of(self.metric)

    @property
    def tool_pool(self) -> str | None:
        """The tool's pool; None if it is not a tool's quota."""
        return pool_of_quota(self.name) or pool_of_quota(self.metric)

    @property
    def is_known(self) -> bool:
        """Whether it is known to be a model's or a tool's quota."""
        return self.tool_pool is not None or is_of_model(self.name) or is_of_model(self.metric)

    @property
    def is_free_tier(self) -> bool:
        """Whether it belongs to the free tier."""
        return is_free_tier(self.name) or is_free_tier(self.metric)

    @property
    def stated(self) -> StatedLimit | None:
        """The limit; None if its kind, window or owner is unknown."""
        kind, window = kind_of(self.name) or kind_of(self.metric), self.window
        if kind is None or window is None or not self.is_known:
            return None
        return StatedLimit(kind, window, self.amount)


def read_violations(error: GeminiError) -> Sequence[Violation]:
    """All limits stated in an error, without duplicates; the prose only counts if the details state none.

    Protocol Buffers omit a ``quotaValue`` of zero from the JSON, while the prose says ``limit: 0``. A missing
    value is therefore taken from the prose if that is unambiguous about the metric.
    """
    prose = tuple(_in_prose(error.message))
    detailed = [_completed(violation, prose) for violation in _in_details(error)]
    return tuple(dict.fromkeys(detailed or prose))


def bucket_name(value: object) -> str:
    """A model name from the provider if it is valid as the name of a pool, else empty."""
    match = _BUCKET.fullmatch(value) if isinstance(value, str) else None
    return match[1] if match else ""


def _in_details(error: GeminiError) -> Iterator[Violation]:
    for detail in error.details:
        violations = detail.get("violations")
        for violation in violations if isinstance(violations, list) else ():
            if isinstance(violation, dict):
                yield _of_quota_failure(violation)
        metadata = detail.get("metadata")
        if isinstance(metadata, dict) and ("quota_limit" in metadata or "quota_metric" in metadata):
            yield _of_error_info(metadata)


def _of_quota_failure(violation: Mapping[str, Any]) -> Violation:
    metric, name = _text(violation, "quotaMetric"), _text(violation, "quotaId")
    dimensions = violation.get("quotaDimensions")
    model = dimensions.get("model") or dimensions.get("base_model") if isinstance(dimensions, dict) else ""
    name = name or metric or _text(violation, "description")
    return Violation(name, metric, _amount(violation.get("quotaValue")), bucket_name(model))


def _of_error_info(metadata: Mapping[str, Any]) -> Violation:
    metric, name = _text(metadata, "quota_metric"), _text(metadata, "quota_limit")
    model = metadata.get("base_model") or metadata.get("model")
    return Violation(name or metric, metric, _amount(metadata.get("quota_limit_value")), bucket_name(model))


def _in_prose(message: str) -> Iterator[Violation]:
    for match in _WITH_VALUE.finditer(message):
        metric = match["metric"]
        yield Violation(metric, metric, int(match["limit"]), bucket_name(match["model"]))
    for match in _QUOTED.finditer(message):
        yield Violation(match["name"], match["metric"])
    for match in _VERTEX.finditer(message):
        yield Violation(match["metric"], match["metric"], None, bucket_name(match["model"]))
    for match in _TEXT_FORMAT.finditer(message):
        value, model = _TEXT_VALUE.search(match["rest"]), _TEXT_MODEL.search(match["rest"])
        amount = int(value[1]) if value else None
        yield Violation(match["name"], match["metric"], amount, bucket_name(model and model[1]))


def _completed(violation: Violation, prose: Sequence[Violation]) -> Violation:
    """Complete a violation with the limit and the model that only the prose states."""
    same = [other for other in prose if other.metric == violation.metric]
    amounts = {other.amount for other in same if other.amount is not None}
    models = {other.model for other in same if other.model}
    amount, model = violation.amount, violation.model
    if amount is None and len(amounts) == 1:
        amount = next(iter(amounts))
    if not model and len(models) == 1:
        model = next(iter(models))
    return Violation(violation.name, violation.metric, amount, model)


def _amount(value: object) -> int | None:
    number = parse_number(str(value)) if type(value) in (int, float, str) else None
    return int(number) if number is not None and number >= 0 and number.is_integer() else None


def _text(owner: Mapping[str, Any], name: str) -> str:
    value = owner.get(name)
    return value[:300] if isinstance(value, str) else ""
