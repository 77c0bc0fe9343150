"""Runs middleware for synchronous callers on a private event loop in a daemon thread."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, Generic, TypeVar

__all__ = ["BridgeRunner", "call_soon", "drive"]

T = TypeVar("T")

_CANCEL_GRACE = 5.0
"""Seconds that an interrupted caller waits for its cancelled work to clean up."""


def drive(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine that never suspends, synchronously."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        result: T = end.value
        return result
    coroutine.close()
    raise RuntimeError("a synchronous sender or runner has suspended")


def call_soon(callback: Callable[[], None]) -> None:
    """Schedule a callback on the private loop; ignored during interpreter shutdown."""
    with suppress(Exception):  # threads can no longer be started
        _bridge.loop().call_soon_threadsafe(callback)


class BridgeRunner:
    """The runner of synchronous clients: blocks the calling thread, never suspends."""

    def __init__(self) -> None:
        try:
            self.urgent = asyncio.get_running_loop() is not None
        except RuntimeError:
            self.urgent = False

    async def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Wait for the work; interrupting the caller cancels it and waits for its cleanup."""
        loop, job = _loop_for(work), _Job(work)
        try:
            return asyncio.run_coroutine_threadsafe(job.run(), loop).result()
        except BaseException:
            loop.call_soon_threadsafe(job.cancel)
            job.over.wait(_CANCEL_GRACE)
            raise

    async def finish(self, work: Coroutine[Any, Any, T]) -> T:
        """Wait for the work; it continues if the caller is interrupted."""
        return asyncio.run_coroutine_threadsafe(_Job(work).run(), _loop_for(work)).result()


def _loop_for(work: Coroutine[Any, Any, Any]) -> asyncio.AbstractEventLoop:
    try:
        return _bridge.loop()
    except BaseException:
        work.close()
        raise


class _Job(Generic[T]):
    """Work on the private loop, whose caller may be interrupted at any time, even before it starts.

    Attributes:
        over: Set when the work has finished, including its cleanup.
    """

    def __init__(self, work: Coroutine[Any, Any, T]) -> None:
        self._work = work
        self._task: asyncio.Task[T] | None = None
        self._cancelled = False
        self.over = threading.Event()

    async def run(self) -> T:
        """Run the work. SystemExit from middleware is an error: users never interrupt this thread."""
        self._task = asyncio.current_task()
        try:
            if self._cancelled:
                raise asyncio.CancelledError
            return await self._work
        except (SystemExit, KeyboardInterrupt) as error:
            raise RuntimeError(f"middleware raised {type(error).__name__}") from error
        finally:
            self._work.close()
            self.over.set()

    def cancel(self) -> None:
        """Cancel the work; must be called on the private loop."""
        self._cancelled = True
        if self._task is None:
            self.over.set()
        else:
            self._task.cancel()


class _Bridge:
    """The private loop and its thread, started on the first synchronous call."""

    def __init__(self) -> None:
        self._lock = threading.RLock()  # reentrant: the garbage collector may call in at any point
        self._loop: asyncio.AbstractEventLoop | None = None

    def loop(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None:
                # Not the policy's loop: uvloop's does not survive a fork.
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
    """Start afresh after a fork: the child inherits the loop but not its thread.

    The old loop must stay alive: closing it would remove its self-pipe from the parent's selector.
    """
    global _bridge  # noqa: PLW0603 - at a fork there is nothing better
    _left_behind.append(_bridge)
    _bridge = _Bridge()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_over_in_child)
