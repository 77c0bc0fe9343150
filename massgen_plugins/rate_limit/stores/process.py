"""The identity of this process, and hooks for forks: a child must not use its parent's files or locks."""

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
    """The unique name of this process; a forked child gets another."""
    return _name


def forks() -> int:
    """The number of forks between the first process and this one."""
    return _forks


def after_fork(listener: Any) -> None:
    """Call ``listener.forked()`` in every forked child, as long as the listener exists.

    ``before_fork()`` and ``after_fork_in_parent()``, if it has them, are called in the parent.
    """
    _listeners.add(listener)


def _before_fork() -> None:
    for listener in list(_listeners):
        if hasattr(listener, "before_fork"):
            listener.before_fork()


def _after_fork_in_parent() -> None:
    for listener in list(_listeners):
        if hasattr(listener, "after_fork_in_parent"):
            listener.after_fork_in_parent()


def _forked() -> None:
    global _name, _forks  # noqa: PLW0603 - a process has one
    _forks += 1
    _name = secrets.token_hex(4)
    for listener in list(_listeners):
        forked: Callable[[], None] = listener.forked
        forked()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_parent=_after_fork_in_parent, after_in_child=_forked)
