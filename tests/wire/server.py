"""A server that counts what it gets and answers as scripted."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable

from aiohttp import web

from .answers import usual_answer

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Server:
    """Answers as scripted, then as usual; runs in a loop and thread of its own."""

    def __init__(self) -> None:
        self.script: list[Answer] = []
        self.bodies: list[bytes] = []
        self.arrived = threading.Event()
        self.go_on = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._started = threading.Event()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._serve(),))
        self._thread.start()
        self._started.wait()

    @property
    def requests(self) -> int:
        return len(self.bodies)

    async def _serve(self) -> None:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        self._started.set()
        await self._stop.wait()
        await runner.cleanup()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        self.bodies.append(await request.read())
        self.arrived.set()
        return await (self.script.pop(0) if self.script else usual_answer)(request)

    async def wait_to_go_on(self) -> None:
        """For answers: wait until the test says so."""
        await asyncio.to_thread(self.go_on.wait, 10)

    def close(self) -> None:
        self.go_on.set()
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()
        self._loop.close()
