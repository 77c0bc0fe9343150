"""Work that may take seconds, done in a thread, so that no event loop stands still for it."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

__all__ = ["Beside"]

T = TypeVar("T")


class Beside(Generic[T]):
    """One piece of work, begun when it is first awaited, and shared by all who await it meanwhile.

    The thread is a daemon: work that never ends does not keep the process from ending, nor is it begun twice.

    Args:
        work: What is to be done; may block.
        name: The thread's.
    """

    def __init__(self, work: Callable[[], T], name: str) -> None:
        self._work = work
        self._name = name
        self._lock = threading.Lock()
        self._process = 0
        self._future: Future[T] | None = None

    async def result(self, patience: float) -> T:
        """What comes of it.

        Args:
            patience: Seconds after which ``TimeoutError`` is raised; the work goes on.
        """
        return await asyncio.wait_for(asyncio.wrap_future(self._begun()), patience)

    def _begun(self) -> Future[T]:
        with self._lock:
            if self._future is None or self._future.done() or self._process != os.getpid():
                self._process = os.getpid()
                self._future = Future()
                arguments = (self._work, self._future)
                threading.Thread(target=_do, args=arguments, name=self._name, daemon=True).start()
            return self._future


def _do(work: Callable[[], T], future: Future[T]) -> None:
    if future.set_running_or_notify_cancel():
        try:
            future.set_result(work())
        except BaseException as error:  # handed to those who wait
            future.set_exception(error)
