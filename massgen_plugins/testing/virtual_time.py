"""An event loop with virtual time: hours of waiting pass in milliseconds, in the right order.

with virtual_time() as clock:
    clock.run(main())      # every sleep and timeout inside takes no real time
    clock.tick()           # nanoseconds since the loop was made
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

__all__ = ["VirtualClock", "virtual_time"]

T = TypeVar("T")

_START = 1_000_000_000_000
"""Start of virtual time, in nanoseconds; not zero, since no real clock starts there."""


class _JumpingSelector(selectors.BaseSelector):
    """Advances the clock by the timeout instead of waiting for I/O."""

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self._real = selectors.DefaultSelector()

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = self._real.select(0)
        if ready:
            return ready
        if timeout is None:
            raise RuntimeError("every task waits and no timer is set: this would hang for ever")
        self._clock.advance(timeout)
        return []

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._real.register(fileobj, events, data)

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        return self._real.unregister(fileobj)

    def get_map(self) -> Any:
        return self._real.get_map()

    def close(self) -> None:
        self._real.close()


class VirtualClock:
    """The clock of a virtual event loop."""

    def __init__(self) -> None:
        self._now = _START
        self._runner = asyncio.Runner(loop_factory=self._make_loop)

    def tick(self) -> int:
        """The current time in nanoseconds."""
        return self._now

    def seconds(self) -> float:
        """The current time in seconds, as the loop sees it."""
        return self._now / 1e9

    def advance(self, seconds: float) -> None:
        """Advance the clock, rounded up so that no timer fires early."""
        self._now += max(0, int(seconds * 1e9) + 1)

    def run(self, main: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine until it completes."""
        return self._runner.run(main)

    def close(self) -> None:
        """Cancel remaining tasks and close the loop."""
        self._runner.close()

    def _make_loop(self) -> asyncio.AbstractEventLoop:
        loop = asyncio.SelectorEventLoop(_JumpingSelector(self))
        loop.time = self.seconds  # type: ignore[method-assign]  # the one instance is changed
        return loop


@contextmanager
def virtual_time() -> Iterator[VirtualClock]:
    """Create a virtual clock with its own event loop, closed on exit."""
    clock = VirtualClock()
    try:
        yield clock
    finally:
        clock.close()
