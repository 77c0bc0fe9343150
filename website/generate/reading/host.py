"""MassGen itself, imported once and quietly: its import takes seven seconds and warns of others' code."""

from __future__ import annotations

import warnings
from functools import cache
from importlib import import_module
from types import ModuleType

__all__ = ["massgen_module"]


@cache
def massgen_module(name: str) -> ModuleType:
    """A module of MassGen, by its name below the package: ``cli.entrypoint``."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return import_module(f"massgen.{name}")
