"""A real Redis in virtual time: commands are done at once, and their time passes on a virtual clock."""

from __future__ import annotations

import asyncio
import random
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from redis import Redis

from massgen_plugins.testing.virtual_time import VirtualClock

__all__ = ["EPOCH", "Network", "Server"]

EPOCH = 1_790_000_000 * 10**6
"""Microseconds since the epoch at which virtual time has its zero."""

_ARGUMENTS = 6
"""Where the arguments of a script begin that has three keys."""

_CALL, _CLOCK = b"MGR", slice(20, 28)
_AVERAGED = 200
"""Commands over which the processor time of the server is averaged."""


@dataclass(frozen=True, slots=True)
class Network:
    """Between the machines and the server.

    Attributes:
        trip: Median seconds of one way, the client's own work included.
        spread: Sigma of its lognormal distribution.
    """

    trip: float = 0.0004
    spread: float = 0.4

    def delay(self, chance: random.Random) -> float:
        """Seconds that one message takes."""
        return chance.lognormvariate(0, self.spread) * self.trip


@dataclass(slots=True)
class Seen:
    """What the server had to do.

    Attributes:
        commands: How many.
        busy: Seconds of work.
        queued: Seconds from the arrival of each command until it was done.
    """

    commands: int = 0
    busy: float = 0.0
    queued: list[float] = field(default_factory=list)


class Server:
    """Does one command after the other.

    Args:
        clock: Virtual time.
        port: Where the real server listens; its data are deleted.
        network: How far the machines are.
        seed: Of the network's moods.
    """

    def __init__(self, clock: VirtualClock, port: int, network: Network, seed: int = 1) -> None:
        self.clock = clock
        self.seen = Seen()
        self.service = 50e-6
        """Seconds of processor time that a command takes, as the last ones did."""
        self.listeners: dict[str, Callable[[bytes], None]] = {}
        """Who listens, by the name of the channel."""
        self._chance = random.Random(seed)
        self._network = network
        self._free = 0.0
        self._done = 0
        self._client = Redis(port=port, protocol=2)
        self._client.flushall()
        self._ear = self._client.pubsub(ignore_subscribe_messages=True)
        self._ear.psubscribe("*")
        self._used = self._processor_time()

    async def do(self, words: tuple[Any, ...]) -> Any:
        """Send a command, wait for its turn, have it done, and bring the answer."""
        await asyncio.sleep(self._network.delay(self._chance))
        now = self.clock.seconds()
        self._free = max(now, self._free) + self.service
        self.seen.busy += self.service
        self.seen.queued.append(self._free - now)
        await asyncio.sleep(self._free - now)
        try:
            return self.do_now(words)
        finally:
            await asyncio.sleep(self._network.delay(self._chance))

    def do_now(self, words: tuple[Any, ...]) -> Any:
        """Have a command done at this moment."""
        if words[:1] in {("EVAL",), ("EVALSHA",)} and words[2] == 0:  # what time is it?
            return struct.pack("<dd", self.moment(), self.moment())
        try:
            return self._client.execute_command(*self._at_this_moment(words))
        finally:
            self._count()
            self._hear()

    def begin(self) -> None:
        """Look from now on, and forget what was seen."""
        self.seen = Seen()

    def moment(self) -> int:
        """The server's clock in microseconds."""
        return EPOCH + self.clock.tick() // 1000

    def close(self) -> None:
        """Let go of the connections."""
        self._ear.close()
        self._client.close()

    def _at_this_moment(self, words: tuple[Any, ...]) -> tuple[Any, ...]:
        """The time in a script's first argument is that of asking; here it becomes that of doing."""
        if words[0] not in {"EVAL", "EVALSHA"}:
            return words
        first = words[_ARGUMENTS]
        if isinstance(first, bytes) and first.startswith(_CALL):
            now: Any = first[: _CLOCK.start] + struct.pack("<d", self.moment()) + first[_CLOCK.stop :]
        else:
            now = self.moment()
        return (*words[:_ARGUMENTS], now, *words[_ARGUMENTS + 1 :])

    def _count(self) -> None:
        self.seen.commands += 1
        self._done += 1
        if self._done % _AVERAGED == 0:
            used = self._processor_time()
            self.service, self._used = (used - self._used) / _AVERAGED, used

    def _hear(self) -> None:
        while (message := self._ear.get_message(timeout=0)) is not None:
            listener = self.listeners.get(message["channel"].decode())
            if listener is not None:
                loop = asyncio.get_running_loop()
                loop.call_later(self._network.delay(self._chance), listener, message["data"])

    def _processor_time(self) -> float:
        used = self._client.info("cpu")
        return float(used["used_cpu_user"]) + float(used["used_cpu_sys"])
