"""Imports MassGen for checks: without its libraries' warnings, and a third faster."""

from __future__ import annotations

import gc
import importlib
import warnings
from types import ModuleType

__all__ = ["import_module"]


def import_module(name: str) -> ModuleType:
    """A module of MassGen's; it brings 7,000 others, and Python would look for garbage dozens of times."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        with warnings.catch_warnings(record=True):
            warnings.simplefilter("always")
            return importlib.import_module(name)
    finally:
        if collecting:
            gc.freeze()  # what it brought stays; later collections need not look at it
            gc.enable()
