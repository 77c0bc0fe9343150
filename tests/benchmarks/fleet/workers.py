"""Worker threads on virtual time: real ones, since stores block, of which one at most runs at a moment."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

from massgen_plugins.rate_limit.stores.worker import LULL

__all__ = ["VirtualWorker"]

T = TypeVar("T")

_STACK = 512 * 1024
"""Bytes of stack for each of a thousand threads."""


class VirtualWorker:
    """A limiter's worker. While its thread works, the loop stands still; what it waits for passes there.

    The processor time that its work takes passes on the virtual clock as well.

    Args:
        loop: The virtual one.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._jobs: deque[Callable[[], None]] = deque()
        self._chores: dict[Callable[[], None], None] = {}
        self._turn, self._back = threading.Semaphore(0), threading.Semaphore(0)
        self._thread: threading.Thread | None = None
        self._busy = False
        self._began = 0.0
        self._closed = False

    def submit(self, job: Callable[[], T]) -> Future[T]:
        """Have it done soon; from the loop's thread or from this worker's own."""
        future: Future[T] = Future()

        def run() -> None:
            try:
                result = job()
            except BaseException as error:  # handed to whoever waits for it
                future.set_exception(error)
            else:
                future.set_result(result)

        self._jobs.append(run)
        self._start()
        return future

    def remind(self, chore: Callable[[], None]) -> None:
        """Have a chore done after a lull."""
        if chore not in self._chores:
            self._chores[chore] = None
            self._loop.call_later(LULL, self._due, chore)

    def exchange(self, begin: Callable[[Callable[[Any], None]], None]) -> Any:
        """Have something begun, and wait in virtual time until it has called back with an answer."""
        answers: list[Any] = []

        def answer(value: Any) -> None:
            answers.append(value)
            self._resume()

        self._loop.call_later(time.thread_time() - self._began, begin, answer)
        self._pause()
        return answers[0]

    def close(self) -> None:
        """End the thread, if it waits for jobs."""
        self._closed = True
        if self._thread is not None and not self._busy:
            self._turn.release()
            self._thread.join()

    def _due(self, chore: Callable[[], None]) -> None:
        self._chores.pop(chore, None)
        self.submit(chore)

    def _start(self) -> None:
        if self._busy or self._closed:
            return
        self._busy = True
        if self._thread is None:
            before = threading.stack_size(_STACK)
            self._thread = threading.Thread(target=self._work, daemon=True)
            self._thread.start()
            threading.stack_size(before)
        self._loop.call_soon(self._resume)

    def _resume(self) -> None:
        """Let the thread work until it waits again; in the loop's thread."""
        self._turn.release()
        self._back.acquire()

    def _pause(self) -> None:
        """In the worker's thread: let virtual time go on."""
        self._back.release()
        self._turn.acquire()
        self._began = time.thread_time()

    def _work(self) -> None:
        self._turn.acquire()
        while not self._closed:
            self._began = time.thread_time()
            while self._jobs:
                self._jobs.popleft()()
            self._busy = False
            self._pause()
