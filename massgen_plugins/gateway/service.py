"""The gateway's server: a thread with its own event loop, started when the first program needs it."""

from __future__ import annotations

import asyncio
import atexit
import os
import ssl
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from weakref import WeakSet

from aiohttp import ClientSession, ClientTimeout, DummyCookieJar, TCPConnector, web

from massgen_plugins.gateway import replies
from massgen_plugins.gateway.entrance import Entrance
from massgen_plugins.gateway.guard import is_of_this_user, is_ours, is_upgrade, new_secret, split_path
from massgen_plugins.gateway.passing import Passing

__all__ = ["Gateway"]

_STARTS_WITHIN = 10.0
_STOPS_WITHIN = 2.0
_LONGEST_HEADER = 64 * 1024
_CONNECTS_WITHIN = 60.0
_AUTHORITIES = ("NODE_EXTRA_CA_CERTS", "CODEX_CA_CERTIFICATE")
"""Environment variables from which the programs load additional certificate authorities."""


class Gateway:
    """Listens on a free port of 127.0.0.1, from the first ``open`` until ``close`` or process exit.

    Args:
        fault: Called with the place and the exception of an internal error; the request is still answered.
    """

    def __init__(self, fault: Callable[[str, BaseException], None]) -> None:
        self._fault = fault
        self._lock = threading.Lock()
        self._entrances: dict[str, Entrance] = {}
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._known: WeakSet[asyncio.BaseTransport] = WeakSet()
        self.port = 0

    def open(self, entrance: Entrance) -> str:
        """Register a program; returns its base URL, which must be kept secret.

        Raises:
            OSError: The gateway cannot listen.
        """
        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                self._start()
        secret = new_secret()
        self._entrances[secret] = entrance
        return f"http://127.0.0.1:{self.port}/{secret}"

    def close(self) -> None:
        """Stop listening, aborting requests in flight."""
        atexit.unregister(self.close)
        thread, loop, stop = self._thread, self._loop, self._stop
        if thread is None or loop is None or stop is None:
            return
        with suppress(RuntimeError):  # the loop is closed
            loop.call_soon_threadsafe(stop.set)
        thread.join(_STOPS_WITHIN)
        self._thread = None

    def _start(self) -> None:
        started: Future[int] = Future()
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._serve(started)), name="massgen-plugins-gateway", daemon=True
        )
        self._thread.start()
        try:
            self.port = started.result(_STARTS_WITHIN)
        except BaseException:
            self._thread = None
            raise
        atexit.register(self.close)

    async def _serve(self, started: Future[int]) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        try:
            session = _session()
            self._passing = Passing(session, self._fault)
            runner = web.AppRunner(
                _application(self._handle),
                access_log=None,
                auto_decompress=False,
                handler_cancellation=True,
                keepalive_timeout=600,
                max_line_size=_LONGEST_HEADER,
                max_field_size=_LONGEST_HEADER,
                shutdown_timeout=0.1,
            )
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", 0).start()
        except BaseException as error:
            started.set_exception(error)
            return
        started.set_result(runner.addresses[0][1])
        await self._stop.wait()
        self._passing.kept.close()
        await runner.cleanup()
        await session.close()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        secret, rest = split_path(request.raw_path)
        entrance = self._entrances.get(secret)
        if entrance is None or not is_ours(request, self.port) or not self._is_known(request):
            return replies.not_found()
        if is_upgrade(request):
            return replies.no_upgrade()
        return await self._passing.answer(request, entrance, secret, rest)

    def _is_known(self, request: web.Request) -> bool:
        """Whether a connection belongs to this user; looked up once per connection."""
        transport = request.transport
        if transport is None:  # already closed
            return False
        if transport not in self._known and is_of_this_user(transport):
            self._known.add(transport)
        return transport in self._known


def _application(handle: Callable[[web.Request], object]) -> web.Application:
    app = web.Application(client_max_size=0)  # no size limit: the provider decides
    app.router.add_route("*", "/{path:.*}", handle)  # type: ignore[arg-type]  # aiohttp asks for a narrower type than it takes
    return app


def _session() -> ClientSession:
    """A client session that honours the user's proxy settings, without timeouts or cookies."""
    return ClientSession(
        connector=TCPConnector(limit=0, ssl=_trusted()),
        timeout=ClientTimeout(total=None, sock_connect=_CONNECTS_WITHIN),
        cookie_jar=DummyCookieJar(),
        auto_decompress=False,
        trust_env=True,
        max_line_size=_LONGEST_HEADER,
        max_field_size=_LONGEST_HEADER,
    )


def _trusted() -> ssl.SSLContext:
    context = ssl.create_default_context()
    for name in _AUTHORITIES:
        if path := os.environ.get(name):
            with suppress(OSError):  # the program ignores it, too
                context.load_verify_locations(path)
    return context
