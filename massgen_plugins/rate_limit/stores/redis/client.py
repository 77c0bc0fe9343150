"""How operations reach a server: through a client of ``redis.asyncio``, or through a plain one."""

from __future__ import annotations

import struct
from functools import cached_property
from types import ModuleType
from typing import TYPE_CHECKING, Any, TypeVar

from massgen_plugins.errors import StoreUnavailable
from massgen_plugins.rate_limit.stores.redis.address import PASSWORD_VARIABLE, USERNAME_VARIABLE, Address
from massgen_plugins.rate_limit.stores.redis.clock import ServerClock
from massgen_plugins.rate_limit.stores.redis.scripts import Command
from massgen_plugins.rate_limit.stores.redis.stations import Station
from massgen_plugins.rate_limit.stores.redis.steps import Lost, Steps

if TYPE_CHECKING:
    from redis import Redis as PlainRedis
    from redis.asyncio import Redis

__all__ = ["Driver"]

T = TypeVar("T")

_CLOCKS = struct.Struct("<2d").unpack_from

_CONNECT, _ANSWER = 1.0, 2.0
"""Seconds that a server may take to let somebody in, and to answer."""


class Driver:
    """Takes the steps of operations.

    Args:
        address: Where the server is.
        clock: Set by every answer.
    """

    def __init__(self, address: Address, clock: ServerClock) -> None:
        self._address = address
        self._clock = clock

    @cached_property
    def _exceptions(self) -> ModuleType:
        from redis import exceptions  # not before a server is used

        return exceptions

    def client(self) -> Redis:
        """A client for one event loop; nothing is opened before it is used."""
        try:
            from redis.asyncio import Redis
        except ImportError as error:
            raise self._missing() from error
        return Redis(**self._options(), socket_timeout=None)  # a station watches the time

    async def drive(self, station: Station, steps: Steps[T]) -> T:
        """Take the steps of an operation.

        Raises:
            StoreUnavailable: The server cannot be reached, or refuses.
        """
        exceptions, exchange = self._exceptions, station.exchange
        clock, local = self._clock, self._clock.local
        try:
            command = next(steps)
            words = command.words
            while True:
                asked = local()
                try:
                    reply = await exchange(words)
                except exceptions.NoScriptError:
                    words = command.in_full()
                    continue
                except (exceptions.ConnectionError, exceptions.TimeoutError, OSError) as error:
                    command = steps.throw(self._lost(error))
                except exceptions.RedisError as error:
                    command = steps.send(error)
                else:
                    if asked >= clock.stale_at:
                        self._set_clock(command, reply, asked)
                    command = steps.send(reply)
                words = command.words
        except StopIteration as end:
            value: T = end.value
            return value
        finally:
            steps.close()

    def drive_here(self, steps: Steps[T]) -> T:
        """As :meth:`drive`, in this thread, which stands still meanwhile."""
        client = self.plain_client()
        try:
            return self.drive_with(client, steps)
        finally:
            client.close()

    def plain_client(self) -> PlainRedis:
        """A client for a thread."""
        try:
            from redis import Redis
        except ImportError as error:
            raise self._missing() from error
        return Redis(**self._options(), socket_timeout=_ANSWER)

    def drive_with(self, client: PlainRedis, steps: Steps[T]) -> T:
        """As :meth:`drive_here`, with a client that stays open."""
        exceptions = self._exceptions
        try:
            command = next(steps)
            words = command.words
            while True:
                asked = self._clock.local()
                try:
                    reply = client.execute_command(*words)  # type: ignore[no-untyped-call]
                except exceptions.NoScriptError:
                    words = command.in_full()
                    continue
                except (exceptions.ConnectionError, exceptions.TimeoutError, OSError) as error:
                    command = steps.throw(self._lost(error))
                except exceptions.RedisError as error:
                    command = steps.send(error)
                else:
                    self._set_clock(command, reply, asked)
                    command = steps.send(reply)
                words = command.words
        except StopIteration as end:
            value: T = end.value
            return value
        finally:
            steps.close()

    def _options(self) -> dict[str, Any]:
        from redis.backoff import NoBackoff
        from redis.retry import Retry

        return {
            **self._address.options(),
            "socket_connect_timeout": _CONNECT,
            "socket_keepalive": True,
            "retry": Retry(NoBackoff(), 0),  # what may have been done is not done twice behind our back
            "protocol": 2,
        }

    def _set_clock(self, command: Command, reply: Any, asked: int) -> None:
        """Every script that has done its work says what time the server has."""
        if command.script is not None and type(reply) is bytes:
            self._clock.learn(int(_CLOCKS(reply)[1]), asked, self._clock.local())

    def _missing(self) -> StoreUnavailable:
        return StoreUnavailable(
            f"{self._address} cannot be used: a package is missing; install massgen-plugins[redis]."
        )

    def _lost(self, error: Exception) -> Lost:
        from redis.exceptions import AuthenticationError

        reason = str(error).rstrip(".") or type(error).__name__
        cure = ""
        if isinstance(error, AuthenticationError):
            cure = f"; set {PASSWORD_VARIABLE} and, if need be, {USERNAME_VARIABLE}"
        return Lost(f"{self._address} cannot be used: {reason}{cure}.")
