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
    """Have ``listener.forked()`` called in every forked child, for as long as the listener lives.

    If it has them, ``before_fork()`` and ``fork_is_over()`` are called in the parent.
    """
    _listeners.add(listener)


def _before_fork() -> None:
    for listener in list(_listeners):
        if hasattr(listener, "before_fork"):
            listener.before_fork()


def _fork_is_over() -> None:
    for listener in list(_listeners):
        if hasattr(listener, "fork_is_over"):
            listener.fork_is_over()


def _forked() -> None:
    global _name, _forks  # noqa: PLW0603 - a process has one
    _forks += 1
    _name = secrets.token_hex(4)
    for listener in list(_listeners):
        forked: Callable[[], None] = listener.forked
        forked()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_parent=_fork_is_over, after_in_child=_forked)
