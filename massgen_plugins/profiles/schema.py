"""JSON schemas of user-written files, for editors, generated from the models that validate them."""

from __future__ import annotations

import inspect
import re
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import CoreSchema

from massgen_plugins.profiles.layers import BLOCK, SettingsBlock
from massgen_plugins.profiles.profile import ProfileFields, ProfileFile
from massgen_plugins.profiles.settings import Settings

__all__ = ["SCHEMAS", "json_schema"]

_DRAFT = "https://json-schema.org/draft/2020-12/schema"
SCHEMAS = {
    "rate_limit": "a settings file of massgen-plugins: .massgen/rate_limit.yaml, or your own rate_limit.yaml",
    "profile": "a file of profiles for massgen-plugins",
    "team": "the rate_limit: block of a MassGen configuration; its other keys are not looked at",
}
"""Models by schema name."""

_ATTRIBUTE = re.compile(r"^ {4}(\w+): (.+?)(?=^ {4}\w+: |\Z)", re.MULTILINE | re.DOTALL)


class _Lenient(GenerateJsonSchema):
    """Accepts constraints that a schema cannot express."""

    def handle_invalid_for_json_schema(
        self,
        schema: CoreSchema,  # noqa: ARG002 - pydantic's signature
        error_info: str,  # noqa: ARG002 - the same
    ) -> JsonSchemaValue:
        return {}


def json_schema(name: str) -> dict[str, Any]:
    """One of :data:`SCHEMAS`, as a JSON Schema 2020-12 document."""
    if name == "profile":
        return _document(name, *_schema_of(ProfileFile))
    block, definitions = _schema_of(SettingsBlock)
    for key, text in _attributes(Settings).items():  # the block refers to these
        if key in block["properties"]:
            block["properties"][key]["description"] = text
    definitions["Settings"] = block
    below = {"type": "object", "properties": {BLOCK: {"$ref": "#/$defs/Settings"}}}
    if name == "team":
        return _document(name, below, definitions)
    alone = {**below, "required": [BLOCK], "additionalProperties": False}
    return _document(name, {"anyOf": [{"$ref": "#/$defs/Settings"}, alone]}, definitions)


def _document(name: str, schema: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    about = {"$schema": _DRAFT, "title": f"massgen-plugins: {name}", "description": SCHEMAS[name]}
    return {
        **about,
        **{key: value for key, value in schema.items() if key not in about},
        "$defs": definitions,
    }


def _schema_of(model: type[BaseModel]) -> tuple[dict[str, Any], dict[str, Any]]:
    schema = model.model_json_schema(schema_generator=_Lenient)
    definitions: dict[str, Any] = schema.pop("$defs", {})
    for each in (schema, *definitions.values()):
        _tidy(each)
    _describe(schema, model)
    for inner in (ProfileFields, ProfileFile):
        if inner.__name__ in definitions:
            _describe(definitions[inner.__name__], inner)
    return schema, definitions


def _describe(schema: dict[str, Any], model: type[BaseModel]) -> None:
    for key, text in _attributes(model).items():
        if key in schema.get("properties", {}):
            schema["properties"][key]["description"] = text


def _attributes(model: type) -> dict[str, str]:
    """The attribute descriptions in a class's docstring."""
    _, _, told = inspect.cleandoc(model.__doc__ or "").partition("Attributes:\n")
    return {name: _plain(text) for name, text in _ATTRIBUTE.findall(told)}


def _plain(text: str) -> str:
    text = re.sub(r":\w+:`~?\.?(?:[\w.]+\.)?(\w+)`", r"\1", text).replace("``", "")
    return " ".join(text.split())


def _tidy(schema: dict[str, Any]) -> None:
    """Remove titles that repeat the key and empty defaults, and forbid keys that match no pattern."""
    schema.pop("title", None)
    if schema.get("default", 0) in (None, ""):
        del schema["default"]
    if "patternProperties" in schema:
        schema["additionalProperties"] = False
    if schema.get("type") == "object":
        schema.pop("description", None)  # class docstrings are for developers
    below = [*schema.get("anyOf", ()), schema.get("items"), schema.get("additionalProperties")]
    for name in ("properties", "patternProperties"):
        below += schema.get(name, {}).values()
    for each in below:
        if isinstance(each, dict):
            _tidy(each)
