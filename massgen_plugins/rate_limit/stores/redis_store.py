"""Domains in a Redis server, for many machines. A short script loads and swaps; the clock is the server's.

Everything may block, and runs in the limiter's worker thread, never on an event loop.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from massgen_plugins.errors import StoreUnavailable
from massgen_plugins.quota import NANOSECONDS
from massgen_plugins.rate_limit.stores.base import Snapshot
from massgen_plugins.rate_limit.stores.boot_clock import boot_tick
from massgen_plugins.rate_limit.stores.process import after_fork, process_name
from massgen_plugins.rate_limit.stores.redis_clock import ServerClock
from massgen_plugins.rate_limit.stores.redis_server import RedisServer
from massgen_plugins.rate_limit.wall_clock import Start

if TYPE_CHECKING:
    from redis import Redis
    from redis.commands.core import Script

__all__ = ["PREFIX", "RedisStore", "key_of"]

PREFIX = "massgen-rl:"
"""Prefix of every key and channel."""

_INDEX = f"{PREFIX}domains"
_TIMEOUT = 2.0
"""Timeout in seconds for connections and replies."""
_PAUSE = 10 * NANOSECONDS
"""Time after a failed attempt to reach the server at first: else every call would wait for its own one."""

_SCRIPT = Path(__file__).with_name("swap.lua")


class RedisStore:
    """Keeps domains in a Redis server.

    Args:
        server: The server.
        clock: This machine's clock in nanoseconds.
    """

    quick = False
    shared = True

    def __init__(self, server: RedisServer, clock: Callable[[], int] = boot_tick) -> None:
        self._server = server
        self._clock = ServerClock(clock)
        self._started = clock()
        self._epoch = time.time_ns()
        self.on_wake: Callable[[], None] | None = None
        self.forked()
        after_fork(self)

    def forked(self) -> None:
        """Reset in a forked child, which must not use its parent's connections."""
        self._client: Redis | None = None
        self._script: Script | None = None
        self._listener: threading.Thread | None = None
        self._closed = False
        self._next_open = 0

    @property
    def description(self) -> str:
        """For users: the address, without the password."""
        return str(self._server)

    @property
    def ready(self) -> bool:
        """Whether the server's clock is known."""
        return self._clock.known

    def open(self) -> None:
        """Get the server's time, unless it is known or has just been asked for in vain. May block."""
        now = self._clock.local()
        if self._clock.known or now < self._next_open:
            return
        try:
            self.load("", 0)
        except StoreUnavailable:
            self._next_open = self._clock.local() + _PAUSE

    def tick(self) -> int:
        """The server's clock; before its first reply, this machine's, from the same epoch."""
        if self._clock.known:
            return self._clock.tick()
        return self._epoch + self._clock.local() - self._started

    def start(self) -> Start:
        """The origin of the clock: independent of boots, so samples of a provider's clock stay valid."""
        return Start(0, 0, self.tick)

    def turn(self, *, patient: bool = True) -> AbstractContextManager[None]:  # noqa: ARG002 - it always is
        """No transactions: each swap is atomic by itself, and may conflict."""
        return nullcontext()

    def load(self, domain: str, since: int, *, patient: bool = True) -> Snapshot:  # noqa: ARG002 - always is
        """The parts of a domain that were written after version ``since``."""
        return _snapshot(self._run_script(domain, since, ""))

    def swap(
        self,
        domain: str,
        version: int,
        new: int,
        parts: Mapping[str, bytes | None],
        *,
        patient: bool = True,  # noqa: ARG002 - it always is
    ) -> Snapshot | None:
        """Write parts if the domain still has ``version``."""
        rows: list[bytes | str] = []
        for name, data in parts.items():
            rows += (name, b"-" if data is None else b"=" + data)
        reply = self._run_script(domain, version, new, *rows)
        if not int(reply[2]):
            return _snapshot(reply)
        if not version:
            # The index is for viewers only: the swap has succeeded even if this fails.
            with suppress(StoreUnavailable), self._connection() as client:
                client.sadd(_INDEX, domain)
        return None

    def domains(self) -> list[str]:
        """The names of all domains."""
        with self._connection() as client:
            names: Any = client.smembers(_INDEX)
            return sorted(name.decode() for name in names)

    @property
    def address(self) -> str:
        """Where others can wake this process, which listens from the first call on."""
        if self._listener is None:
            self._listener = threading.Thread(target=self._listen, name="massgen-plugins-wakeup", daemon=True)
            self._listener.start()
        return process_name()

    def wake(self, address: str) -> bool:
        """Wake a process, as there may be room; if the message is lost, it still retries by itself."""
        with suppress(StoreUnavailable), self._connection() as client:
            client.publish(f"{PREFIX}wake:{address}", b"")
        return True

    def lives(self, address: str) -> bool:  # noqa: ARG002 - only leases tell
        """Always true: the liveness of a process on another machine is unknown."""
        return True

    def close(self) -> None:
        """Close the connections."""
        self._closed = True
        client, self._client, self._script = self._client, None, None
        if client is not None:
            client.close()

    def _run_script(self, domain: str, known: int, *arguments: bytes | str | int) -> list[Any]:
        with self._connection():
            assert self._script is not None  # noqa: S101 - created with the client
            asked = self._clock.local()
            reply: Any = self._script(keys=[key_of(domain)], args=[known, *arguments])
            if not isinstance(reply, list) or len(reply) < 4:
                raise TypeError("not what the script returns")
            self._clock.learn(int(reply[0]) * 1_000_000 + int(reply[1]), asked, self._clock.local())
            return reply

    @contextmanager
    def _connection(self) -> Iterator[Redis]:
        """The client, with its errors translated into one sentence."""
        from redis.exceptions import RedisError

        try:
            yield self._connected()
        except (RedisError, OSError) as error:
            raise StoreUnavailable(f"{self._server} cannot be used: {_reason(error)}.") from None
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            raise StoreUnavailable(
                f"{self._server} does not answer like a Redis server ({type(error).__name__})."
            ) from None

    def _connected(self) -> Redis:
        if self._client is None:
            try:
                from redis import Redis
                from redis.backoff import NoBackoff
                from redis.retry import Retry
            except ImportError:
                raise StoreUnavailable(
                    f'{self._server} needs one more package: pip install "massgen-plugins[redis]".'
                ) from None
            self._client = Redis(
                **self._server.options(),
                socket_timeout=_TIMEOUT,
                socket_connect_timeout=_TIMEOUT,
                socket_keepalive=True,
                retry=Retry(NoBackoff(), 0),
            )
            self._script = self._client.register_script(_SCRIPT.read_bytes())
            self._closed = False
        return self._client

    def _listen(self) -> None:
        """Receive wake-ups on a separate connection while the store is open."""
        while not self._closed:
            try:
                listener = self._connected().pubsub(ignore_subscribe_messages=True)  # type: ignore[no-untyped-call]  # redis-py's
                listener.subscribe(f"{PREFIX}wake:{process_name()}")
                while not self._closed:
                    if listener.get_message(timeout=1.0) is not None and self.on_wake is not None:
                        self.on_wake()
            except Exception:  # a server that is not Redis can make the client fail in any way
                time.sleep(_TIMEOUT)  # meanwhile, waiters retry by themselves


def key_of(domain: str) -> str:
    """The key of a domain's hash."""
    return f"{PREFIX}domain:{hashlib.sha256(domain.encode()).hexdigest()[:24]}"


def _snapshot(reply: list[Any]) -> Snapshot:
    version, rows = int(reply[3]), reply[4:]
    parts = {name.decode(): bytes(data) for name, data in zip(rows[::2], rows[1::2], strict=True)}
    return Snapshot(version, parts)


def _reason(error: Exception) -> str:
    """What went wrong, without quoting the server."""
    names = {
        "AuthenticationError": "it does not accept the user name or password",
        "AuthenticationWrongNumberOfArgsError": "it does not accept the user name or password",
        "NoPermissionError": "its access rules do not allow the commands that are needed",
        "OutOfMemoryError": "it is out of memory",
        "ReadOnlyError": "it is a read-only replica",
        "TimeoutError": f"it does not answer within {_TIMEOUT:g} s",
        "BusyLoadingError": "it is still loading its data",
    }
    known = names.get(type(error).__name__)
    if type(error).__name__ == "ResponseError":  # errors inside a script have their name in the text only
        full = "OOM command not allowed" in str(error)
        known = names["OutOfMemoryError"] if full else "it refuses the request"
    if known is None and isinstance(error, OSError):
        known = error.strerror
    return known or f"no connection ({type(error).__name__})"
