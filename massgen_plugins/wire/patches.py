"""Putting wrappers into classes and taking them out again, without tearing out anybody else's."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, NamedTuple
from weakref import WeakSet

__all__ = ["Target", "patch", "unpatch"]

Wrap = Callable[[Callable[..., Any]], Callable[..., Any]]


class Target(NamedTuple):
    """One method to wrap.

    Attributes:
        owner: The class that defines it.
        name: The method's name.
        wrap: Makes the wrapper from the method; it must set ``__wrapped__``, as functools.wraps does.
    """

    owner: type
    name: str
    wrap: Wrap


_lock = threading.Lock()
# Marks would not do: functools.wraps copies attributes to other people's wrappers.
_ours: WeakSet[Callable[..., Any]] = WeakSet()


def patch(target: Target) -> None:
    """Wrap the method, unless our wrapper is already in place, be it below others'."""
    with _lock:
        method = target.owner.__dict__[target.name]
        if any(layer in _ours for layer in _layers(method)):
            return
        wrapper = target.wrap(method)
        _ours.add(wrapper)
        setattr(target.owner, target.name, wrapper)


def unpatch(target: Target) -> None:
    """Take our wrapper out; below somebody else's it stays, and lets everything pass."""
    with _lock:
        method = target.owner.__dict__[target.name]
        if method in _ours:
            setattr(target.owner, target.name, method.__wrapped__)


def _layers(method: Any) -> list[Any]:
    layers = [method]
    while (method := getattr(method, "__wrapped__", None)) is not None:
        layers.append(method)
    return layers
