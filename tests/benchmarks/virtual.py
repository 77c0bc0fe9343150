"""Every limiter on virtual time: whatever clock its library reads, it reads the simulation's."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest import mock

from massgen_plugins.testing.virtual_time import VirtualClock, virtual_time

__all__ = ["Steps", "by_hand", "simulation"]

_EPOCH = 1_790_000_000 * 10**9
_PACKAGES = ("aiolimiter", "pyrate_limiter", "limits", "throttled", "langchain_core", "massgen.backend")
_MORE_PACKAGES = ("litellm.caching", "token_throttle", "massgen_plugins", "tests.benchmarks")


@contextmanager
def simulation() -> Iterator[VirtualClock]:
    """A virtual loop, with the clocks of :mod:`time` in its time for all limiters.

    Libraries that did ``from time import monotonic`` hold a clock of their own: it is replaced there too.
    """
    with virtual_time() as clock, _patched(clock):
        yield clock


class Steps:
    """A clock that is advanced by hand.

    Attributes:
        now: Nanoseconds.
    """

    __slots__ = ("now",)

    def __init__(self) -> None:
        self.now = 10**12

    def tick(self) -> int:
        return self.now

    def wall(self) -> int:
        return _EPOCH + self.now

    def seconds(self) -> float:
        return self.now / 1e9


@contextmanager
def by_hand() -> Iterator[Steps]:
    """The running loop and all limiters have a clock that moves by hand only; nothing may wait within."""
    clock = Steps()
    with _patched(clock), mock.patch.object(asyncio.get_running_loop(), "time", clock.seconds):
        yield clock


@contextmanager
def _patched(clock: VirtualClock | Steps) -> Iterator[None]:
    with ExitStack() as patches:
        for name, stand_in in _clocks(clock).items():
            for holder, attribute in _holders(getattr(time, name)):
                patches.enter_context(mock.patch.object(holder, attribute, stand_in))
        patches.enter_context(mock.patch.object(asyncio, "to_thread", _inline))
        yield


def _clocks(clock: VirtualClock | Steps) -> dict[str, Callable[[], Any]]:
    return {
        "time": lambda: (_EPOCH + clock.tick()) / 1e9,
        "time_ns": lambda: _EPOCH + clock.tick(),
        "monotonic": clock.seconds,
        "monotonic_ns": clock.tick,
        "perf_counter": clock.seconds,
        "perf_counter_ns": clock.tick,
    }


def _holders(original: Any) -> list[tuple[Any, str]]:
    """Where a clock can be reached: in ``time``, and in the modules of limiters that imported it by name."""
    found: list[tuple[Any, str]] = [(time, original.__name__)]
    for name, module in list(sys.modules.items()):
        if module is not None and name.startswith(_PACKAGES + _MORE_PACKAGES):
            found += [(module, key) for key, value in list(vars(module).items()) if value is original]
    return found


async def _inline(function: Callable[..., Any], *args: Any) -> Any:
    """Threads know nothing of virtual time, so what is sent to one is done at once."""
    return function(*args)
