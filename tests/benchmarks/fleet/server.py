"""Redis in virtual time, a real one or a model: commands are done at once; their time passes virtually."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from redis import Redis

from massgen_plugins.rate_limit.stores import redis_store
from massgen_plugins.rate_limit.stores.base import Snapshot
from massgen_plugins.rate_limit.stores.memory import MemoryStore
from massgen_plugins.testing.virtual_time import VirtualClock

__all__ = ["EPOCH", "Network", "Server"]

Answer: TypeAlias = Callable[[Any], None]

EPOCH = 1_790_000_000 * 10**6
"""Microseconds since the epoch at which virtual time has its zero."""

SCRIPT = Path(redis_store.__file__).with_name("swap.lua")

_COMMAND, _BYTE = 30e-6, 5e-9
"""Seconds of processor time that the model takes for a command and for each byte; as a real server did."""

_PUBLISH = 5e-6
"""Seconds of processor time that a wake-up takes."""

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
        swaps: How many wrote, or would have.
        conflicts: How many of them came too late.
        wakes: How many woke another machine.
        bytes: That went to the server and came from it.
    """

    commands: int = 0
    busy: float = 0.0
    queued: list[float] = field(default_factory=list)
    swaps: int = 0
    conflicts: int = 0
    wakes: int = 0
    bytes: int = 0


class _NoClient:
    """Of the model: what the store does once for a domain, beside its script."""

    def sadd(self, *_: str) -> None:
        """Who lists domains is not simulated."""

    def close(self) -> None:
        """Nothing is open."""


class Server:
    """Does one command after the other.

    Args:
        clock: Virtual time.
        port: Where the real server listens, whose data are deleted; None: a model of it, which is quicker.
        network: How far the machines are.
        seed: Of the network's moods.
    """

    def __init__(self, clock: VirtualClock, port: int | None, network: Network, seed: int = 1) -> None:
        self.clock = clock
        self.seen = Seen()
        self.service = 50e-6
        """Seconds of processor time that a command takes, as the last ones did."""
        self.listeners: dict[str, Callable[[], None] | None] = {}
        """Whom to tell of a wake-up, by address."""
        self._model = MemoryStore(clock.tick, shared=True)
        self._run = self._run_model
        self.client: Any = _NoClient()
        if port:
            self.client = Redis(port=port, protocol=2)
            self.client.flushall()
            self._script = self.client.register_script(SCRIPT.read_bytes())
            self._run = self._run_real
        self._chance = random.Random(seed)
        self._network = network
        self._free = 0.0
        self._done = 0
        self._used = self._processor_time() if port else 0.0

    def swap(self, words: Sequence[Any], answer: Answer) -> None:
        """Have the store's script run: the domain's key first, then its arguments."""
        self._send(lambda: self._counted(words), lambda: self.service, answer)

    def publish(self, address: str, answer: Answer) -> None:
        """Wake a machine."""

        def wake() -> None:
            self.seen.wakes += 1
            listener = self.listeners.get(address)
            if listener is not None:
                self._after_a_trip(listener)

        self._send(wake, lambda: _PUBLISH, answer)

    def begin(self) -> None:
        """Look from now on, and forget what was seen."""
        self.seen = Seen()

    def close(self) -> None:
        """Let go of the connection."""
        self.client.close()

    def _send(self, command: Callable[[], Any], service: Callable[[], float], answer: Answer) -> None:
        """Let a command travel, wait for its turn, be done, and its answer travel back."""

        def arrive() -> None:
            now, took = self.clock.seconds(), service()
            self._free = max(now, self._free) + took
            self.seen.commands += 1
            self.seen.busy += took
            self.seen.queued.append(self._free - now)
            asyncio.get_running_loop().call_at(self._free, done)

        def done() -> None:
            reply = command()
            self._after_a_trip(lambda: answer(reply))

        self._after_a_trip(arrive)

    def _after_a_trip(self, what: Callable[[], None]) -> None:
        asyncio.get_running_loop().call_later(self._network.delay(self._chance), what)

    def _counted(self, words: Sequence[Any]) -> list[Any]:
        """The script's reply, with the time of the virtual clock."""
        reply = self._run(words)
        microseconds = EPOCH + self.clock.tick() // 1000
        reply[:2] = divmod(microseconds, 10**6)
        seen = self.seen
        if words[2] != "":
            seen.swaps += 1
            seen.conflicts += not int(reply[2])
        seen.bytes += sum(len(each) for each in (*words, *reply) if isinstance(each, bytes))
        return reply

    def _run_real(self, words: Sequence[Any]) -> list[Any]:
        reply = list(self._script(keys=words[:1], args=words[1:]))
        self._done += 1
        if self._done % _AVERAGED == 0:
            used = self._processor_time()
            self.service, self._used = (used - self._used) / _AVERAGED, used
        return reply

    def _run_model(self, words: Sequence[Any]) -> list[Any]:
        """What ``swap.lua`` would reply."""
        key, known, new, *rows = words
        if new == "":
            newer: Snapshot | None = self._model.load(key, known)
        else:
            parts = {
                name: data[1:] if data[:1] == b"=" else None
                for name, data in zip(rows[::2], rows[1::2], strict=True)
            }
            newer = self._model.swap(key, known, new, parts)
        if newer is None:
            reply = [0, 0, b"1", new]
        else:
            written = [each for name, data in newer.parts.items() for each in (name.encode(), data)]
            reply = [0, 0, b"0", newer.version, *written]
        size = sum(len(each) for each in (*words, *reply) if isinstance(each, bytes))
        self.service += (_COMMAND + size * _BYTE - self.service) / _AVERAGED
        return reply

    def _processor_time(self) -> float:
        used = self.client.info("cpu")
        return float(used["used_cpu_user"]) + float(used["used_cpu_sys"])
