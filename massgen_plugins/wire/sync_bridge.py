"""Runs middleware for synchronous callers: on one private event loop, in a daemon thread of this process."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Coroutine
from concurrent.futures import Future, wait
from contextvars import copy_context
from typing import Any, Generic, TypeVar

__all__ = ["BridgeRunner", "drive"]

T = TypeVar("T")

_CANCEL_GRACE = 5.0
"""Seconds for which an interrupted caller waits until its cancelled work has cleaned up."""


def drive(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine that never suspends, here and now."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        result: T = end.value
        return result
    coroutine.close()
    raise RuntimeError("a synchronous line or runner has suspended")


class BridgeRunner:
    """The runner of synchronous clients: blocks the calling thread, never suspends."""

    def __init__(self) -> None:
        try:
            self.urgent = asyncio.get_running_loop() is not None
        except RuntimeError:
            self.urgent = False

    async def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Wait for it; an interrupt of the caller cancels it."""
        job = _Job(work)
        try:
            return job.result()
        except BaseException:
            job.cancel()
            raise

    async def finish(self, work: Coroutine[Any, Any, T]) -> T:
        """Wait for it; it goes on when the caller is interrupted."""
        return _Job(work).result()


class _Job(Generic[T]):
    """Work in the private loop, in a copy of the caller's context."""

    def __init__(self, work: Coroutine[Any, Any, T]) -> None:
        self._work = work
        self._done: Future[T] = Future()
        self._task: asyncio.Task[T] | None = None
        self._context = copy_context()

    def result(self) -> T:
        """Start it and wait for its end."""
        try:
            loop = _bridge.loop()
        except BaseException:
            self._work.close()
            self._done.cancel()
            raise
        loop.call_soon_threadsafe(self._start)
        return self._done.result()

    def cancel(self) -> None:
        """Does nothing if the work is done; else returns when it has cleaned up."""
        if not self._done.done():
            _bridge.loop().call_soon_threadsafe(self._cancel)
            wait([self._done], timeout=_CANCEL_GRACE)

    def _start(self) -> None:
        if not self._done.cancelled():
            self._task = asyncio.get_running_loop().create_task(self._work, context=self._context)
            self._task.add_done_callback(self._finish)

    def _finish(self, task: asyncio.Task[T]) -> None:
        if task.cancelled():
            self._done.set_exception(asyncio.CancelledError())
        elif error := task.exception():
            self._done.set_exception(error)
        else:
            self._done.set_result(task.result())

    def _cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()
        elif self._done.cancel():  # interrupted before it could start
            self._work.close()


class _Bridge:
    """The loop and its thread, started at the first synchronous call."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None

    def loop(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None:
                # Not the policy's loop: uvloop's does not survive a fork of its process.
                loop = asyncio.SelectorEventLoop()
                threading.Thread(target=_serve, args=(loop,), name="massgen-plugins", daemon=True).start()
                self._loop = loop
            return self._loop


def _serve(loop: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(loop)
    loop.run_forever()


_bridge = _Bridge()
_left_behind: list[_Bridge] = []


def _start_over_in_child() -> None:
    """A forked child has the loop but not its thread.

    The old loop is kept alive: closing it would take its wake-up channel from the parent's selector.
    """
    global _bridge  # noqa: PLW0603 - at a fork there is nothing better
    _left_behind.append(_bridge)
    _bridge = _Bridge()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_over_in_child)
