"""Which process this is, also after a fork: what a parent holds open, or has locked, is not its child's."""

from __future__ import annotations

import os
import secrets
import weakref
from collections.abc import Callable
from typing import Any

__all__ = ["after_fork", "forks", "process_name"]

_name = secrets.token_hex(4)
_forks = 0
_listeners: weakref.WeakSet[Any] = weakref.WeakSet()


def process_name() -> str:
    """Names this process; no other has the same, nor has a forked child."""
    return _name


def forks() -> int:
    """How many forks lie between this process and the first one."""
    return _forks


def after_fork(listener: Any) -> None:
    """Have ``listener.forked()`` called in every forked child, for as long as the listener lives."""
    _listeners.add(listener)


def _forked() -> None:
    global _name, _forks  # noqa: PLW0603 - a process has one
    _forks += 1
    _name = secrets.token_hex(4)
    for listener in list(_listeners):
        forked: Callable[[], None] = listener.forked
        forked()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)
