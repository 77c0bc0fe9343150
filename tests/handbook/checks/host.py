"""The installed MassGen, imported once and only when a check needs it."""

from __future__ import annotations

import functools
import importlib
import warnings
from types import ModuleType
from typing import Any


@functools.cache
def module(name: str) -> ModuleType:
    """A module of MassGen's; the warnings of its libraries are not ours."""
    with warnings.catch_warnings(record=True):
        warnings.simplefilter("always")
        return importlib.import_module(name)


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
