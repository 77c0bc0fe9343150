"""A thread that does for an event loop what might make it stand still."""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

__all__ = ["LULL", "Clerk"]

T = TypeVar("T")

LULL = 0.02
"""Seconds for which a job that can wait, waits for others that make it needless."""

_Job = tuple[Callable[[], Any], Future[Any]]
_Jobs = queue.SimpleQueue[_Job | None]


class Clerk:
    """Does one job after another, in the order in which they come.

    The thread begins with the first job, also in a forked child. It is a daemon: when a job hangs (a file
    that a stopped process has locked), the process can still end.

    Args:
        name: The thread's.
        chore: What :meth:`remind` is for.
    """

    def __init__(self, name: str, chore: Callable[[], None]) -> None:
        self._name = name
        self._chore = chore
        self._lock = threading.Lock()
        self._jobs: _Jobs = queue.SimpleQueue()
        self._process = 0
        self._reminded = False

    @property
    def at_work(self) -> bool:
        """Whether there ever was a job in this process."""
        return self._process == os.getpid()

    def submit(self, job: Callable[[], T]) -> Future[T]:
        """Have it done soon. From any thread."""
        future: Future[T] = Future()
        self._put((job, future))
        return future

    def remind(self) -> None:
        """Have the chore done after a lull; often asked, it is done once. From any thread."""
        if not (self._reminded and self.at_work):
            self._reminded = True
            self._put(None)

    def _put(self, job: _Job | None) -> None:
        with self._lock:
            if not self.at_work:
                self._process = os.getpid()
                self._jobs = queue.SimpleQueue()
                threading.Thread(target=self._work, args=(self._jobs,), name=self._name, daemon=True).start()
        self._jobs.put(job)

    def _work(self, jobs: _Jobs) -> None:
        while True:
            try:
                job = jobs.get(timeout=LULL if self._reminded else None)
            except queue.Empty:
                self._reminded = False
                _do(self._chore, Future())  # whatever becomes of it, the thread goes on
                continue
            if job is not None:
                _do(*job)
            del job  # nothing is kept alive while the queue is empty


def _do(job: Callable[[], Any], future: Future[Any]) -> None:
    if future.set_running_or_notify_cancel():
        try:
            result = job()
        except BaseException as error:  # handed to whoever waits for it
            future.set_exception(error)
        else:
            future.set_result(result)
