"""Runs middleware in the caller's own event loop."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Coroutine
from typing import Any, TypeVar

__all__ = ["LoopRunner"]

T = TypeVar("T")

_unfinished: set[asyncio.Future[Any]] = set()
"""Event loops keep only weak references to their tasks."""


class LoopRunner:
    """The runner of asynchronous clients."""

    urgent = False

    async def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Await it: the caller's cancellation reaches it."""
        return await work

    async def finish(self, work: Coroutine[Any, Any, T]) -> T:
        """Await it in a task of its own, which goes on when the caller is cancelled.

        The task is real from the first step on, since what runs in it may look at its current task, as
        timeouts do. Where tasks can start eagerly, work that does not wait takes no turn of the loop.
        """
        loop = asyncio.get_running_loop()
        if sys.version_info >= (3, 12):
            task = asyncio.Task(work, loop=loop, eager_start=True)
            if task.done():
                return task.result()
        else:
            task = loop.create_task(work)
        _unfinished.add(task)
        task.add_done_callback(_unfinished.discard)
        return await asyncio.shield(task)
