"""Runs middleware in the caller's own event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

__all__ = ["LoopRunner"]

T = TypeVar("T")


class LoopRunner:
    """The runner of asynchronous clients."""

    urgent = False

    async def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Await it: the caller's cancellation reaches it."""
        return await work

    async def finish(self, work: Coroutine[Any, Any, T]) -> T:
        """Await it in a task of its own, which goes on when the caller is cancelled."""
        task = asyncio.ensure_future(work)
        _unfinished.add(task)
        task.add_done_callback(_unfinished.discard)
        return await asyncio.shield(task)


_unfinished: set[asyncio.Future[Any]] = set()
"""Event loops keep only weak references to their tasks."""
