"""What the suite asks of a limiter. Every adapter says it in the words of its own library, and no more."""

from __future__ import annotations

from typing import Any


class Peer:
    """A limiter of ``amount`` per ``seconds``, of one kind, as its documentation tells to use it.

    Attributes:
        name: In tables and plots.
        package: The distribution whose version is written down.
        weighs: Whether a call may take more than one.
        shared: What its processes share, ``SQLite`` or ``Redis``, and then its third argument says where;
            empty for a limiter in memory.
        ours: Whether it is ours; goals hold for it alone.
    """

    name = ""
    package = ""
    weighs = True
    shared = ""
    ours = False

    def __init__(self, amount: int, seconds: float) -> None:
        raise NotImplementedError

    async def ready(self) -> None:
        """Open what can only be opened within an event loop."""

    async def acquire(self, weight: int = 1) -> Any:
        """Wait until a call of this weight may leave; what it returns is handed to :meth:`arrived`."""
        raise NotImplementedError

    def written(self, held: Any) -> None:
        """The call is being written to the network now."""

    def arrived(self, held: Any) -> None:
        """The headers of the call's answer are here; most limiters do not want to know."""

    def done(self, held: Any) -> None:
        """The answer is read, and says what it took."""

    async def spin(self, times: int, weight: int = 1) -> None:
        """Acquire in a loop: what is timed. Adapters whose call looks different write the loop out."""
        acquire = self.acquire
        for _ in range(times):
            await acquire(weight)

    def close(self) -> None:
        """Let go of threads and files."""


class FullCycle:
    """A limiter of requests and tokens at once: reserve, then tell what was really used.

    Attributes:
        does: What one cycle of it consists of, since no two offer the same.
    """

    name = ""
    does = ""
    ours = False

    async def spin(self, times: int) -> None:
        """Go through whole cycles in a loop."""
        raise NotImplementedError

    async def crowd(self, calls: int) -> None:
        """Let so many calls be in the window."""
        await self.spin(calls)
