"""A thread that runs what would block an event loop."""

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
"""Seconds by which chores are debounced."""

_Job = tuple[Callable[[], Any], Future[Any]]


class Worker(Protocol):
    """Runs what may block."""

    def submit(self, job: Callable[[], T]) -> Future[T]:
        """Run a job soon."""

    def remind(self, chore: Callable[[], None]) -> None:
        """Run a chore after a lull, once for all calls until then."""


class AtOnce:
    """A worker without a thread, for tests; chores run in :meth:`do_chores`."""

    def __init__(self) -> None:
        self.chores: list[Callable[[], None]] = []

    def submit(self, job: Callable[[], T]) -> Future[T]:
        """Run a job now."""
        future: Future[T] = Future()
        _do(job, future)
        return future

    def remind(self, chore: Callable[[], None]) -> None:
        """Keep a chore for later."""
        if chore not in self.chores:
            self.chores.append(chore)

    def do_chores(self) -> None:
        """Run all chores, including those added meanwhile."""
        while self.chores:
            self.chores.pop(0)()


class WorkerThread:
    """Runs jobs one after another, in order.

    The thread starts with the first job, also in a forked child. It is a daemon, so that the process can exit
    while a job hangs (on a file locked by a stopped process).

    Args:
        name: The thread's name.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self.forked()
        after_fork(self)

    def forked(self) -> None:
        """Reset in a forked child, which inherits neither thread nor jobs."""
        self._lock = threading.Lock()
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._chores: dict[Callable[[], None], None] = {}
        self._thread: threading.Thread | None = None

    def submit(self, job: Callable[[], T]) -> Future[T]:
        """Run a job soon. From any thread."""
        future: Future[T] = Future()
        self._put((job, future))
        return future

    def remind(self, chore: Callable[[], None]) -> None:
        """Run a chore after a lull. From any thread."""
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
            del job  # do not keep it alive while idle

    def _do_chores(self) -> None:
        for chore in list(self._chores):
            self._chores.pop(chore, None)
            with suppress(Exception):  # a failed chore must not end the thread
                chore()


def _do(job: Callable[[], Any], future: Future[Any]) -> None:
    if future.set_running_or_notify_cancel():
        try:
            result = job()
        except BaseException as error:  # passed on through the future
            future.set_exception(error)
        else:
            future.set_result(result)
