"""Runs middleware in the caller's own event loop."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Coroutine
from typing import Any, TypeVar

__all__ = ["LoopRunner"]

T = TypeVar("T")

_unfinished: set[asyncio.Future[Any]] = set()
"""Strong references, since event loops keep only weak ones to their tasks."""


class LoopRunner:
    """The runner of asynchronous clients."""

    urgent = False

    async def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Await the work; cancelling the caller cancels it."""
        return await work

    async def finish(self, work: Coroutine[Any, Any, T]) -> T:
        """Await the work in its own task, which continues when the caller is cancelled.

        It must run in a task from its first step, since timeouts, for example, need the current task. With
        eager tasks, work that does not wait costs no iteration of the loop.
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
