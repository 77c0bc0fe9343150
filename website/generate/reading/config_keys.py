"""The keys of a configuration: where MassGen declares them, what it says of them, what it allows."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import re
import typing
from collections.abc import Iterable, Mapping
from typing import Any

from website.generate.reading.comments import argument_texts, trailing_comments
from website.generate.reading.host import massgen_module

__all__ = ["ConfigKey", "read_coordination", "read_orchestrator", "read_timeouts"]


@dataclasses.dataclass(frozen=True, slots=True)
class ConfigKey:
    """One key.

    Attributes:
        name: As it is written in YAML, without the keys above it.
        type: What its value is, in words; empty if MassGen does not declare it.
        default: What holds without it, as YAML writes it; empty if MassGen declares none.
        allowed: The words that are allowed; empty if any value of the type is.
        about: What MassGen's source says of it; empty if nothing.
    """

    name: str
    type: str
    default: str
    allowed: tuple[str, ...] = ()
    about: str = ""


def read_orchestrator() -> list[ConfigKey]:
    """The keys under ``orchestrator:``, in order of their names; ``coordination`` is one of them."""
    config = massgen_module("agent_config").AgentConfig
    declared = _declared(config)
    return [_known(name, declared) for name in sorted(config.valid_orchestrator_keys())]


def read_coordination() -> list[ConfigKey]:
    """The keys under ``orchestrator: coordination:``, in order of their names."""
    config = massgen_module("agent_config").CoordinationConfig
    declared = _declared(config)
    return [_known(name, declared) for name in sorted(config.valid_coordination_keys())]


def read_timeouts() -> list[ConfigKey]:
    """The keys under ``timeout_settings:``, in the order of the source."""
    return list(_declared(massgen_module("agent_config").TimeoutConfig).values())


def _known(name: str, declared: Mapping[str, ConfigKey]) -> ConfigKey:
    return declared.get(name) or ConfigKey(name, "", "", _listed(name))


def _declared(cls: type) -> dict[str, ConfigKey]:
    comments = trailing_comments(cls)
    texts = argument_texts(inspect.getdoc(cls) or "")
    hints = typing.get_type_hints(cls)
    keys = {}
    for field in dataclasses.fields(cls):
        about = texts.get(field.name) or comments.get(field.name, "")
        allowed = _words(hints[field.name]) or _listed(field.name)
        keys[field.name] = ConfigKey(field.name, _type(hints[field.name]), _default(field), allowed, about)
    return keys


def _listed(name: str) -> tuple[str, ...]:
    """What the validator allows, where it keeps a list of that name."""
    validator = massgen_module("config_validator").ConfigValidator
    stem = name.upper()
    candidates = (f"VALID_{stem}", f"VALID_{stem}S", f"VALID_{stem.removesuffix('_REQUIREMENT')}")
    for candidate in candidates:
        if values := getattr(validator, candidate, None):
            return tuple(sorted(values))
    return ()


def _words(hint: Any) -> tuple[str, ...]:
    if typing.get_origin(hint) is typing.Literal:
        return tuple(str(word) for word in typing.get_args(hint))
    return tuple(
        word for part in typing.get_args(hint) for word in _words(part) if typing.get_origin(hint) is not dict
    )


_TYPES: Mapping[object, str] = {
    bool: "true or false",
    int: "whole number",
    float: "number",
    str: "text",
    list: "list",
    dict: "mapping",
    Any: "any",
    type(None): "nothing",
}


def _type(hint: Any) -> str:
    origin = typing.get_origin(hint)
    if origin is typing.Literal:
        return "word"
    if origin in (list, dict):
        return _TYPES[origin]
    parts = [_type(part) for part in typing.get_args(hint)]
    if parts:
        return " or ".join(dict.fromkeys(part for part in parts if part != "nothing"))
    return _TYPES.get(hint, "mapping")


def _default(field: dataclasses.Field[Any]) -> str:
    factory = field.default_factory
    if factory is dataclasses.MISSING:
        return as_yaml(field.default)
    made = factory()
    if isinstance(made, list | dict):
        return "[]" if isinstance(made, list) else "{}"
    return "on" if getattr(made, "enabled", False) else "off"


def as_yaml(value: object) -> str:
    """A default as one would write it in YAML; empty for "nothing"."""
    value = getattr(value, "default", value)
    if value is None or value is dataclasses.MISSING:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return re.sub(r"\s+", " ", str(value))


def names(keys: Iterable[ConfigKey]) -> set[str]:
    """The names alone."""
    return {key.name for key in keys}


def literal_keys(tree: ast.AST, variable: str) -> set[str]:
    """The keys that a piece of source takes out of a mapping of that name."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == f"{variable}.get" and node.args:
            found.add(node.args[0])
        elif isinstance(node, ast.Subscript) and ast.unparse(node.value) == variable:
            found.add(node.slice)
    return {node.value for node in found if isinstance(node, ast.Constant) and isinstance(node.value, str)}
