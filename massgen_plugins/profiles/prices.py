"""Prices of models in a profile: US dollars per million tokens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, TypeAlias

from pydantic import PlainValidator, model_validator

from massgen_plugins.profiles.names import ModelName
from massgen_plugins.profiles.validation import Strict, number, problem, whole_number

__all__ = ["PRICE_KEYS", "ModelPrices", "PriceKeys"]

_DOLLARS = number(1_000_000, "US dollars per million tokens")
_TOKENS = whole_number(10**12)


Dollars: TypeAlias = Annotated[float, _DOLLARS]
Unstated: TypeAlias = Annotated[float | None, _DOLLARS]
"""If omitted, the price of input applies."""


class LongContext(Strict):
    """Prices for a whole request above a size."""

    MISSING = "the key '{}' is missing; write tokens and the prices that apply above them"
    tokens: Annotated[int, _TOKENS]
    input: Unstated = None
    cached: Unstated = None
    cache_write: Unstated = None
    output: Unstated = None


class PriceKeys(Strict):
    """Prices of one model or family.

    Attributes:
        input: Of input; also of what is cached or written, where these are not stated.
        output: Of output, reasoning included.
        cached: Of input that was read from the provider's cache.
        cache_write: Of input that was written to it.
        above: What holds for a whole request with more input than ``tokens``.
    """

    MISSING = "the key '{}' is missing; write input and output, in US dollars per million tokens"
    input: Dollars
    output: Dollars
    cached: Unstated = None
    cache_write: Unstated = None
    above: LongContext | None = None

    @model_validator(mode="after")
    def _above_changes_something(self) -> PriceKeys:
        if self.above is not None and len(self.above.model_fields_set) < 2:
            raise problem("there is no price beside tokens; write input, output or both", at="above")
        return self


PRICE_KEYS = tuple(PriceKeys.model_fields)
"""All price keys of a model."""


def _plain(value: Any) -> Mapping[str, Any]:
    return PriceKeys.model_validate(value).model_dump(exclude_unset=True)


ModelPrices: TypeAlias = dict[ModelName, Annotated[Mapping[str, Any], PlainValidator(_plain)]]
"""Prices by name of model or family, as plain values."""
