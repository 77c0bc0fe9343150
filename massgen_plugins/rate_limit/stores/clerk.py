"""A thread that does for an event loop what might make it stand still."""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

__all__ = ["Clerk"]

T = TypeVar("T")

_Job = tuple[Callable[[], Any], Future[Any]]


class Clerk:
    """Does one job after another, in the order in which they come.

    The thread begins with the first job, also in a forked child. It is a daemon: when a job hangs (a file
    that a stopped process has locked), the process can still end.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._lock = threading.Lock()
        self._jobs: queue.SimpleQueue[_Job] = queue.SimpleQueue()
        self._process = 0

    @property
    def at_work(self) -> bool:
        """Whether there ever was a job in this process."""
        return self._process == os.getpid()

    def submit(self, job: Callable[[], T]) -> Future[T]:
        """Have it done soon. From any thread."""
        future: Future[T] = Future()
        with self._lock:
            if not self.at_work:
                self._process = os.getpid()
                self._jobs = queue.SimpleQueue()
                threading.Thread(target=_work, args=(self._jobs,), name=self._name, daemon=True).start()
        self._jobs.put((job, future))
        return future


def _work(jobs: queue.SimpleQueue[_Job]) -> None:
    while True:
        job, future = jobs.get()
        if future.set_running_or_notify_cancel():
            try:
                result = job()
            except BaseException as error:  # handed to whoever waits for it
                future.set_exception(error)
            else:
                future.set_result(result)
        del job, future  # nothing is kept alive while the queue is empty
