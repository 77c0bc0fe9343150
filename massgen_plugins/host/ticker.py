"""A thread that calls a function soon after it is woken, then each second for as long as that says so."""

from __future__ import annotations

import threading
from collections.abc import Callable

from massgen_plugins.rate_limit.stores.process import after_fork

__all__ = ["Ticker"]


class Ticker:
    """Calls ``tick``, never twice within ``period``, and not at all while nothing happens.

    Args:
        tick: Returns whether it wants to be called again after a period, woken or not; must not raise.
        name: Of the thread, which starts when it is first woken.
        period: Seconds.

    Attributes:
        woken: Whether ``tick`` will be called soon anyway.
    """

    def __init__(self, tick: Callable[[], bool], name: str, period: float = 1.0) -> None:
        self._tick = tick
        self._name = name
        self._period = period
        self.forked()
        after_fork(self)

    def forked(self) -> None:
        """A forked child has none of its parent's threads."""
        self.woken = False
        self._woken = threading.Event()
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def wake(self) -> None:
        """Something has changed; from any thread, and quick."""
        self.woken = True
        self._woken.set()
        if self._thread is None:
            with self._lock:
                if self._thread is None and not self._over.is_set():
                    self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                    self._thread.start()

    def stop(self) -> None:
        """End the thread; blocks until the call that is under way returns, two seconds at most."""
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
