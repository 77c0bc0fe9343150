"""Putting wrappers around functions of others, and taking them out without tearing out anybody else's."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from typing import Any, NamedTuple
from weakref import WeakSet

__all__ = ["Target", "is_wrapped", "unwrap", "wrap_once"]

Make = Callable[[Callable[..., Any]], Callable[..., Any]]
"""Makes the wrapper of a function; its name, signature and ``__wrapped__`` are set for it."""


class Target(NamedTuple):
    """One function to wrap.

    Attributes:
        owner: The class or module that defines it.
        name: Its name there.
        make: Makes the wrapper.
    """

    owner: Any
    name: str
    make: Make


_lock = threading.Lock()
# Marks on the functions would not do: functools.wraps copies attributes to other people's wrappers.
_ours: WeakSet[Callable[..., Any]] = WeakSet()


def wrap_once(owner: Any, name: str, make: Make) -> None:
    """Replace a function by a wrapper; nothing happens if ours is in place already, be it below others'.

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
    """Take our wrapper out; below somebody else's it stays."""
    with _lock:
        function = _function(owner, name)
        if function in _ours:
            setattr(owner, name, function.__wrapped__)


def is_wrapped(owner: Any, name: str) -> bool:
    """Whether a wrapper of ours is around a function, be it below others'; False if there is none."""
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
