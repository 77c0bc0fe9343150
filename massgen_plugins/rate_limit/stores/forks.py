"""Tells a forked child from its parent: what a parent holds open is not its child's to use."""

from __future__ import annotations

import os

__all__ = ["generation"]

generation = 0
"""How many forks lie between this process and the first one; to be read as ``forks.generation``."""


def _forked() -> None:
    global generation  # noqa: PLW0603 - a process has one
    generation += 1


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)
