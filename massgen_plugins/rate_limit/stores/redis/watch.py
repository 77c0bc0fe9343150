"""Ends exchanges that take too long, with one timer for all: one for each takes a tenth of an exchange."""

from __future__ import annotations

import asyncio

__all__ = ["ANSWER", "Watch"]

ANSWER = 2.0
"""Seconds that a server may take for an answer; it may become half as much more."""


class Watch:
    """Watches over the exchanges of one event loop; each belongs to the task that awaits it."""

    def __init__(self) -> None:
        self._begun: dict[asyncio.Task[object] | None, int] = {}
        self._late: set[asyncio.Task[object] | None] = set()
        self._round = 0
        self._timer: asyncio.TimerHandle | None = None

    def begin(self) -> None:
        """The running task begins an exchange."""
        self._begun[asyncio.current_task()] = self._round
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(ANSWER / 2, self._look)

    def end(self) -> None:
        """Its exchange is over."""
        self._begun.pop(asyncio.current_task(), None)

    def was_late(self, error: BaseException) -> bool:
        """Whether it was cancelled by this watch, and by nobody else."""
        task = asyncio.current_task()
        if task not in self._late:
            return False
        self._late.discard(task)
        return isinstance(error, asyncio.CancelledError) and task is not None and task.uncancel() == 0

    def _look(self) -> None:
        self._round += 1
        for task, begun in self._begun.items():
            if self._round - begun > 2 and task is not None:
                self._late.add(task)
                task.cancel()
        busy = bool(self._begun)
        self._timer = asyncio.get_running_loop().call_later(ANSWER / 2, self._look) if busy else None
