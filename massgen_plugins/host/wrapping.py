"""Putting a wrapper of ours around a function of the host, once."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

__all__ = ["ATTACHED", "wrap_once"]

ATTACHED = "__massgen_plugins__"
"""Attribute of every wrapper of ours in the host: what it wraps."""


def wrap_once(owner: Any, name: str, make: Callable[[Callable[..., Any]], Callable[..., Any]]) -> None:
    """Replace a function by the wrapper that ``make`` makes of it; nothing happens if it is wrapped already.

    Raises:
        AttributeError: The owner has no such function.
    """
    original = getattr(owner, name)
    if hasattr(original, ATTACHED):
        return
    wrapper = wraps(original)(make(original))
    setattr(wrapper, ATTACHED, original)
    setattr(owner, name, wrapper)
