"""A thread that does for event loops what might make them stand still."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from typing import Any, Protocol, TypeVar

from massgen_plugins.rate_limit.stores.process import after_fork

__all__ = ["LULL", "AtOnce", "Worker", "WorkerThread"]

T = TypeVar("T")

LULL = 0.02
"""Seconds for which a chore that can wait, waits for others that make it needless."""

_Job = tuple[Callable[[], Any], Future[Any]]


class Worker(Protocol):
    """Does what may take longer."""

    def submit(self, job: Callable[[], T]) -> Future[T]:
        """Have it done soon."""

    def remind(self, chore: Callable[[], None]) -> None:
        """Have a chore done after a lull; often asked, it is done once."""


class AtOnce:
    """A worker without a thread, for tests with a clock of their own; chores wait until they are done."""

    def __init__(self) -> None:
        self.chores: list[Callable[[], None]] = []

    def submit(self, job: Callable[[], T]) -> Future[T]:
        """Do it now."""
        future: Future[T] = Future()
        _do(job, future)
        return future

    def remind(self, chore: Callable[[], None]) -> None:
        """Keep it."""
        if chore not in self.chores:
            self.chores.append(chore)

    def do_chores(self) -> None:
        """Do what was kept, and what comes up meanwhile."""
        while self.chores:
            self.chores.pop(0)()


class WorkerThread:
    """Does one job after another, in the order in which they come.

    The thread begins with the first job, also in a forked child. It is a daemon: when a job hangs (a file
    that a stopped process has locked), the process can still end.

    Args:
        name: The thread's.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self.forked()
        after_fork(self)

    def forked(self) -> None:
        """Begin anew: a child has no thread, and none of its parent's jobs."""
        self._lock = threading.Lock()
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._chores: dict[Callable[[], None], None] = {}
        self._thread: threading.Thread | None = None

    def submit(self, job: Callable[[], T]) -> Future[T]:
        """Have it done soon. From any thread."""
        future: Future[T] = Future()
        self._put((job, future))
        return future

    def remind(self, chore: Callable[[], None]) -> None:
        """Have a chore done after a lull. From any thread."""
        if chore not in self._chores:
            self._chores[chore] = None
            self._put(None)

    def _put(self, job: _Job | None) -> None:
        if self._thread is None:
            with self._lock:
                if self._thread is None:
                    self._thread = threading.Thread(
                        target=self._work, args=(self._jobs,), name=self._name, daemon=True
                    )
                    self._thread.start()
        self._jobs.put(job)

    def _work(self, jobs: queue.SimpleQueue[_Job | None]) -> None:
        while True:
            try:
                job = jobs.get(timeout=LULL if self._chores else None)
            except queue.Empty:
                self._do_chores()
                continue
            if job is not None:
                _do(*job)
            del job  # nothing is kept alive while there is nothing to do

    def _do_chores(self) -> None:
        for chore in list(self._chores):
            self._chores.pop(chore, None)
            with suppress(Exception):  # whatever becomes of it, the thread goes on
                chore()


def _do(job: Callable[[], Any], future: Future[Any]) -> None:
    if future.set_running_or_notify_cancel():
        try:
            result = job()
        except BaseException as error:  # handed to whoever waits for it
            future.set_exception(error)
        else:
            future.set_result(result)
