"""The limit keys (``rpm``, ``tpm``, ``rpd`` ...): syntax and meaning."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Any, TypeAlias

from pydantic import (
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    RootModel,
    WithJsonSchema,
    field_validator,
    model_validator,
)
from pydantic_core import CoreSchema, core_schema

from massgen_plugins.profiles.document import document_of
from massgen_plugins.profiles.names import ModelName
from massgen_plugins.profiles.validation import Strict, checked, choice, number, problem, whole_number
from massgen_plugins.profiles.windows import WrittenWindow, day_of, window_of
from massgen_plugins.quota import HELD, MINUTE, NANOSECONDS, Bucket, Conventions, Kind, Limit, Sliding, Window

__all__ = [
    "LIMIT_KEYS",
    "Changes",
    "Count",
    "LimitValues",
    "Limits",
    "ModelLimits",
    "PoolLimits",
    "check_changes",
    "limits_of",
    "stated",
]

LimitValues: TypeAlias = Mapping[str, Any]
"""Validated limit keys with plain YAML values; None removes a limit."""

ModelLimits: TypeAlias = Mapping[str, LimitValues]
"""Limits by name of model or family."""

_MILLIONTHS = 1_000_000
_COUNT = whole_number(10**12)
_DOLLARS = number(10**9, "US dollars")
Count: TypeAlias = Annotated[int | None, _COUNT]
# Kind None: the kind that the provider's tpm counts; window None: the provider's day.
_MEANING: Mapping[str, tuple[Kind | None, Window | None]] = {
    "rps": (Kind.REQUESTS, Sliding(NANOSECONDS)),
    "rpm": (Kind.REQUESTS, MINUTE),
    "rph": (Kind.REQUESTS, Sliding(3600 * NANOSECONDS)),
    "rpd": (Kind.REQUESTS, None),
    "tpm": (None, MINUTE),
    "tpd": (None, None),
    "itpm": (Kind.INPUT_TOKENS, MINUTE),
    "otpm": (Kind.OUTPUT_TOKENS, MINUTE),
    "concurrent": (Kind.CONCURRENT, HELD),
    "usd_per_day": (Kind.COST, None),
}


class GenericLimit(Strict):
    """An item of ``limits``: any kind, any window."""

    MISSING = "the key '{}' is missing; write kind, amount and window"
    kind: Annotated[str, choice(tuple(Kind))]
    amount: Annotated[Any, WithJsonSchema({"type": "number", "minimum": 0})]
    window: WrittenWindow

    @model_validator(mode="after")
    def _fits(self) -> GenericLimit:
        (_DOLLARS if self.kind == Kind.COST else _COUNT).check(self.amount, at="amount")
        if (self.kind == Kind.CONCURRENT) != (self.window == "held"):
            raise problem("write the window held for the kind concurrent, and for no other", at="window")
        return self


class Limits(Strict):
    """The limits of a model in a profile."""

    rps: Count = None
    rpm: Count = None
    rph: Count = None
    rpd: Count = None
    tpm: Count = None
    tpd: Count = None
    itpm: Count = None
    otpm: Count = None
    concurrent: Count = None
    usd_per_day: Annotated[float | None, _DOLLARS] = None
    limits: tuple[GenericLimit, ...] = ()
    cooldown: Annotated[float | None, number(3600, "seconds")] = None

    @model_validator(mode="before")
    @classmethod
    def _not_empty(cls, value: Any) -> Any:
        if isinstance(value, dict) and not {*value} - {"models"}:
            raise problem(f"there is no limit here; write at least one of {', '.join(LIMIT_KEYS)}")
        return value

    @classmethod
    def in_editors(cls, schema: dict[str, Any]) -> dict[str, Any]:
        """Adapt a key's JSON schema to this context."""
        return schema


LIMIT_KEYS = tuple(Limits.model_fields)
"""All limit keys of a model."""


class Changes(Limits):
    """The limits of a model in settings, where ``none`` removes a limit."""

    @field_validator("*", mode="wrap")
    @classmethod
    def _none_removes(cls, value: Any, handler: Any) -> Any:
        return None if value in (None, "none") else handler(value)

    @classmethod
    def in_editors(cls, schema: dict[str, Any]) -> dict[str, Any]:
        return {"anyOf": [schema, {"enum": ["none", None]}]}


class PoolLimits(Limits):
    """The limits of a pool, and the models that share it unless the provider determines them."""

    models: tuple[ModelName, ...] = ()


def check_changes(model: str, values: LimitValues, command: str) -> None:
    """Validate the name of a model or family and its limits; ``command`` prefixes error messages.

    Raises:
        ConfigurationError: A name or value is invalid.
    """
    checked(RootModel[dict[ModelName, Changes]], document_of({model: values}, command))


class stated:  # noqa: N801 - used like a function
    """For ``Annotated``: validates values against a model of limits, but keeps them as written."""

    def __init__(self, model: type[Limits]) -> None:
        self._model = model

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self._plain)

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        schema = handler.resolve_ref_schema(handler(self._model.__pydantic_core_schema__))
        keys = {name: self._model.in_editors(each) for name, each in schema["properties"].items()}
        needed = [{"required": [key]} for key in LIMIT_KEYS]
        return {**schema, "properties": keys, "anyOf": needed}

    def _plain(self, value: Any) -> dict[str, Any]:
        return self._model.model_validate(value).model_dump(mode="json", exclude_unset=True)


def limits_of(values: LimitValues, conventions: Conventions, margin: float) -> tuple[Limit, ...]:
    """Convert validated limit keys to limits; of two with the same kind and window, the smaller applies.

    Args:
        values: Limit keys; those with None are ignored.
        conventions: How the provider counts.
        margin: Fraction subtracted from every limit, 0 to below 1; a nonzero limit stays at least 1.
    """
    chosen: dict[str, Limit] = {}
    for limit in _stated(values, conventions):
        reduced = Limit(limit.kind, _less(limit.amount, margin), limit.window)
        known = chosen.get(limit.key)
        if known is None or reduced.amount < known.amount:
            chosen[limit.key] = reduced
    return tuple(chosen.values())


def _stated(values: LimitValues, conventions: Conventions) -> list[Limit]:
    limits = []
    for key, (kind, window) in _MEANING.items():
        if (amount := values.get(key)) is not None:
            counted = kind or conventions.tpm_counts
            limits.append(Limit(counted, _amount(counted, amount), _shaped(window, conventions)))
    for generic in values.get("limits") or ():
        kind = Kind(generic["kind"])
        limits.append(Limit(kind, _amount(kind, generic["amount"]), window_of(generic["window"])))
    return limits


def _shaped(window: Window | None, conventions: Conventions) -> Window:
    if window is None:
        return day_of(conventions.day_zone)
    return Bucket(window.length) if conventions.bucket and isinstance(window, Sliding) else window


def _amount(kind: Kind, written: float) -> int:
    """Convert dollars to millionths, the unit of costs."""
    if kind is not Kind.COST:
        return int(written)
    return max(int(Decimal(str(written)) * _MILLIONTHS), 1 if written else 0)


def _less(amount: int, margin: float) -> int:
    # A fraction, since 100 * (1 - 0.07) is less than 93 in floating point.
    return max(int(amount * (1 - Fraction(str(margin)))), min(amount, 1))
