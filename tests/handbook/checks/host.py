"""The installed MassGen, imported once and only when a check needs it."""

from __future__ import annotations

import functools
from types import ModuleType
from typing import Any

from tests.massgen_server.importing import import_module


@functools.cache
def module(name: str) -> ModuleType:
    """A module of MassGen's; the warnings of its libraries are not ours."""
    return import_module(name)


def capabilities() -> dict[str, Any]:
    """MassGen's registry: backend type to what it can do, its models among that."""
    return dict(module("massgen.backend.capabilities").BACKEND_CAPABILITIES)


def validator() -> Any:
    """MassGen's own validator."""
    return module("massgen.config_validator").ConfigValidator()


def findings(config: Any) -> list[str]:
    """What MassGen's validator says of a configuration, errors and warnings alike."""
    result = validator().validate_config(config)
    return [f"{issue.location}: {issue.message}" for issue in (*result.errors, *result.warnings)]
