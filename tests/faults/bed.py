"""The way of a call as users have it: an HTTP client, the real wire, a runtime, and a server that counts.

What these experiments need of the package stands here alone, so that they outlive its inner shapes.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx

from massgen_plugins import wire
from massgen_plugins.host import reports
from massgen_plugins.host.governor import Governor
from massgen_plugins.host.runtime import Runtime
from massgen_plugins.host.stream import Agent, Turn, current_turn
from massgen_plugins.manager import build_manager
from massgen_plugins.rate_limit import limiters

from .server import CountingServer

MODEL = "gemini-2.5-flash"
BODY = b'{"contents": [{"role": "user", "parts": [{"text": "Are you there?"}]}]}'
PATH = f"/v1beta/models/{MODEL}:generateContent"
LIMIT = 5


class Bed:
    """One process with one limited agent.

    Attributes:
        server: Counts what arrives.
        said: The sentences that the user was told.
        outcomes: HTTP statuses in the order of the answers; 403 is a refusal of ours.
        lag: The longest time, in seconds, for which the event loop stood still in :meth:`calls`.
    """

    def __init__(
        self, server: CountingServer, said: list[str], settings: dict[str, Any], plugins: Any
    ) -> None:
        self.server = server
        self.said = said
        self.outcomes: list[int] = []
        self.lag = 0.0
        self.runtime = Runtime(plugins)
        self._governor = Governor({"rate_limit": settings}, None, [], said.append)
        wire.install(self.runtime)

    def calls(
        self,
        count: int,
        *,
        headers: dict[str, Any] | None = None,
        body: bytes = BODY,
        path: str = PATH,
        provider: str = "gemini",
        timeout: float = 60,
    ) -> int:
        """Make so many calls at once in a turn of the agent; returns how many reached the server."""
        before = self.server.arrived
        own = next(each for each in self.runtime.providers if each.name == provider)
        turn = Turn(Agent("a0", "run1", own, MODEL, MODEL, self._governor, self.server.url))
        asyncio.run(
            asyncio.wait_for(self._gather(turn, count, self.server.url + path, headers, body), timeout)
        )
        return self.server.arrived - before

    def close(self) -> None:
        """Bring the store up to date and close it, as at the end of a process; it may be used again."""
        limiters._close_all()

    async def _gather(
        self, turn: Turn, count: int, url: str, headers: dict[str, Any] | None, body: bytes
    ) -> None:
        current_turn.set(turn)
        watch = asyncio.create_task(self._watch())
        async with httpx.AsyncClient(timeout=60, verify=False, trust_env=False) as client:
            await asyncio.sleep(0.05)  # the client's own start-up is not measured
            self.lag = 0.0
            sent = {"x-goog-api-key": "test-key"} if headers is None else headers
            asked = [client.post(url, headers=sent, content=body) for _ in range(count)]
            self.outcomes += [answer.status_code for answer in await asyncio.gather(*asked)]
        watch.cancel()
        with suppress(asyncio.CancelledError):
            await watch

    async def _watch(self) -> None:
        while True:
            begun = time.monotonic()
            await asyncio.sleep(0.005)
            self.lag = max(self.lag, time.monotonic() - begun - 0.005)


def limits(store: object, amount: int = LIMIT, **more: object) -> dict[str, Any]:
    """Settings: so many requests in a minute, and no waiting for more."""
    nothing = dict.fromkeys(("rpm", "tpm", "rpd"))
    window = [{"kind": "requests", "amount": amount, "window": "60s"}]
    models = {"gemini-*-flash": {**nothing, "cooldown": 0, "limits": window}}
    return {"store": str(store), "models": models, "max_wait": 1, **more}


def _allow(store: str) -> None:
    """The user has named this server."""
    if store.startswith("redis"):
        own = Path(os.environ["HOME"], ".config", "massgen-plugins", "rate_limit.yaml")
        own.parent.mkdir(parents=True, exist_ok=True)
        own.write_text(f"allow_stores: ['{store}']\n", "utf-8")


@contextmanager
def bed(
    server: CountingServer,
    settings: dict[str, Any],
    extra: Iterable[object] = (),
    prepare: Callable[[], object] = lambda: None,
) -> Iterator[Bed]:
    """A process in which an agent was switched on; nothing is left of it at the end."""
    said: list[str] = []
    told, reports.log_warning = reports.log_warning, said.append
    seen, reports._said = reports._said, set()
    _allow(str(settings.get("store", "")))
    words, reports._last_words = reports._last_words, {"": ""}
    prepare()
    made = None
    try:
        plugins = build_manager(reports.warn_once, extra=extra, with_entry_points=False)
        made = Bed(server, said, settings, plugins)
        yield made
    finally:
        wire.uninstall()
        if made is not None:
            made.close()
        reports.log_warning, reports._said, reports._last_words = told, seen, words
