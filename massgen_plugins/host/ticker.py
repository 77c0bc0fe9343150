"""A thread that calls a function soon after a wake-up, then every second for as long as it asks for it."""

from __future__ import annotations

import threading
from collections.abc import Callable

from massgen_plugins.rate_limit.stores.process import after_fork

__all__ = ["Ticker"]


class Ticker:
    """Calls ``tick`` at most once per ``period``, and not at all while idle.

    Args:
        tick: Returns whether to call it again after a period without a wake-up; must not raise.
        name: Name of the thread, which starts on the first wake-up.
        period: Seconds.

    Attributes:
        woken: Whether a call of ``tick`` is already due.
    """

    def __init__(self, tick: Callable[[], bool], name: str, period: float = 1.0) -> None:
        self._tick = tick
        self._name = name
        self._period = period
        self.forked()
        after_fork(self)

    def forked(self) -> None:
        """Reset after a fork: the child inherits no threads."""
        self.woken = False
        self._woken = threading.Event()
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def wake(self) -> None:
        """Schedule a call. Fast and thread-safe."""
        self.woken = True
        self._woken.set()
        if self._thread is None:
            with self._lock:
                if self._thread is None and not self._over.is_set():
                    self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                    self._thread.start()

    def stop(self) -> None:
        """Stop the thread; waits at most two seconds for a call in progress."""
        self._over.set()
        self._woken.set()
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(2.0)

    def _run(self) -> None:
        again = False
        while True:
            if not again:
                self._woken.wait()
            if self._over.is_set():
                return
            self._woken.clear()
            self.woken = False
            again = self._tick()
            if self._over.wait(self._period):
                return
