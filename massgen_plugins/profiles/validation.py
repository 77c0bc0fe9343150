"""Validates values with pydantic; every error becomes one sentence with location, value and fix."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from typing import Annotated, Any, ClassVar, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    ValidationError,
    model_validator,
)
from pydantic_core import CoreSchema, ErrorDetails, PydanticCustomError, core_schema

from massgen_plugins.errors import ConfigurationError
from massgen_plugins.profiles.document import Document, looks_like_key, shown, suggestion, wrong

__all__ = [
    "Also",
    "Expected",
    "Flag",
    "Strict",
    "checked",
    "choice",
    "number",
    "problem",
    "text",
    "whole_number",
]

M = TypeVar("M", bound=BaseModel)

_TYPES = {
    "model_type": "a mapping (key: value)",
    "dict_type": "a mapping (key: value)",
    "tuple_type": "a list such as [a, b]",
}


class Strict(BaseModel):
    """An immutable mapping without unknown keys.

    Attributes:
        MISSING: Message about a missing key, with ``{}`` for its name.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    MISSING: ClassVar[str] = ""

    @model_validator(mode="before")
    @classmethod
    def _keys_are_known(cls, value: Any) -> Any:
        for key in value if isinstance(value, dict) else ():
            if key not in cls.model_fields:
                raise problem(f"this key is unknown; {suggestion(key, cls.model_fields)}", at=key)
        for key, field in cls.model_fields.items():
            if isinstance(value, dict) and field.is_required() and key not in value:
                raise problem(cls.MISSING.format(key))
        return value


class Expected:
    """For ``Annotated``: a constraint on a scalar, with its description.

    Args:
        what: Description for error messages.
        fits: The test.
        schema: The constraint as JSON schema, for editors.
    """

    def __init__(self, what: str, fits: Callable[[Any], bool], schema: dict[str, Any] | None = None) -> None:
        self._what = what
        self._fits = fits
        self._schema = schema or {}

    def check(self, value: Any, at: str = "") -> Any:
        """Return the value if it is valid.

        Args:
            value: As written.
            at: The key under the one being validated; empty for that key itself.
        """
        if self._fits(value):
            return value
        raise problem(f"expected {self._what}, found {shown(value)}", at)

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self.check)

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return dict(self._schema)


class Also:
    """For ``Annotated``: further forms that an editor accepts.

    Args:
        schemas: JSON schemas.
    """

    def __init__(self, *schemas: dict[str, Any]) -> None:
        self._schemas = schemas

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"anyOf": [*self._schemas, handler(core)]}


def problem(sentence: str, at: str = "") -> PydanticCustomError:
    """The error for a validator to raise: the sentence after the location; ``at`` names a key below."""
    return PydanticCustomError("problem", "{sentence}", {"sentence": sentence, "at": at})


def whole_number(most: int) -> Expected:
    """A whole number from 0 to ``most``."""
    what = f"a whole number from 0 to {most:,}, without quotes or separators"
    schema = {"type": "integer", "minimum": 0, "maximum": most}
    return Expected(what, lambda value: type(value) is int and 0 <= value <= most, schema)


def number(most: float, unit: str = "", *, below: bool = False) -> Expected:
    """A finite number from 0 to ``most``; with ``below`` it must be less than that."""
    what = f"a number{f' of {unit}' if unit else ''} from 0 to {'below ' if below else ''}{most:,}"
    return Expected(
        f"{what}, without quotes",
        lambda value: type(value) in (int, float) and 0 <= value <= most and not (below and value == most),
        {"type": "number", "minimum": 0, "exclusiveMaximum" if below else "maximum": most},
    )


def text(what: str = "text", pattern: re.Pattern[str] | None = None, longest: int = 2000) -> Expected:
    """Text that matches the pattern as a whole; with a pattern it cannot be an API key."""

    def fits(value: Any) -> bool:
        if not isinstance(value, str) or not value.strip() or len(value) > longest:
            return False
        return pattern is None or (pattern.fullmatch(value) is not None and not looks_like_key(value))

    schema = {"type": "string", "minLength": 1, "maxLength": longest}
    return Expected(what, fits, {**schema, "pattern": f"^(?:{pattern.pattern})$"} if pattern else schema)


def choice(words: Collection[str]) -> Expected:
    """One of some words."""
    return Expected(
        f"one of {', '.join(words)}",
        lambda value: isinstance(value, str) and value in words,
        {"enum": [str(each) for each in words]},
    )


Flag = Annotated[
    bool,
    Expected("true or false, without quotes", lambda value: isinstance(value, bool), {"type": "boolean"}),
]
"""True or false, nothing that merely looks like it."""


def checked(model: type[M], document: Document) -> M:
    """A document's values as a model.

    Raises:
        ConfigurationError: They are not; the sentence is about the first fault.
    """
    try:
        return model.model_validate(document.value)
    except ValidationError as error:
        raise _sentence(error.errors(include_url=False)[0], document) from None


def _sentence(error: ErrorDetails, document: Document) -> ConfigurationError:
    path, facts = error["loc"], error.get("ctx", {})
    if error["type"] == "problem":
        return wrong(document.place(*path, facts["at"]), facts["sentence"])
    place = document.place(*path)
    return wrong(
        place, f"expected {_TYPES.get(error['type'], 'another value')}, found {shown(error['input'])}"
    )
