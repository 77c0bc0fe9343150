"""Wraps functions of other packages, and unwraps them without removing wrappers that others added."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from typing import Any, NamedTuple
from weakref import WeakSet

__all__ = ["Target", "is_wrapped", "unwrap", "wrap_once"]

Make = Callable[[Callable[..., Any]], Callable[..., Any]]
"""Creates the wrapper of a function; ``functools.wraps`` is applied to it."""


class Target(NamedTuple):
    """A function to wrap.

    Attributes:
        owner: The class or module that defines it.
        name: Its attribute name.
        make: Creates the wrapper.
    """

    owner: Any
    name: str
    make: Make


_lock = threading.Lock()
# Not an attribute of the wrapper: functools.wraps would copy it to wrappers that others put around ours.
_ours: WeakSet[Callable[..., Any]] = WeakSet()


def wrap_once(owner: Any, name: str, make: Make) -> None:
    """Wrap a function, unless it already has a wrapper of ours at any level.

    Raises:
        AttributeError: The owner has no such function.
    """
    with _lock:
        original = _function(owner, name)
        if not _is_ours(original):
            wrapper = functools.wraps(original)(make(original))
            _ours.add(wrapper)
            setattr(owner, name, wrapper)


def unwrap(owner: Any, name: str) -> None:
    """Remove our wrapper if it is the outermost one; below another wrapper it stays."""
    with _lock:
        function = _function(owner, name)
        if function in _ours:
            setattr(owner, name, function.__wrapped__)


def is_wrapped(owner: Any, name: str) -> bool:
    """Whether a function has a wrapper of ours at any level; False if there is no such function."""
    try:
        return _is_ours(_function(owner, name))
    except AttributeError:
        return False


def _function(owner: Any, name: str) -> Any:
    return vars(owner)[name] if name in vars(owner) else getattr(owner, name)


def _is_ours(function: Any) -> bool:
    while function is not None:
        if function in _ours:
            return True
        function = getattr(function, "__wrapped__", None)
    return False
