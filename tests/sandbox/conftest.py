"""A sandbox to talk to over real HTTP, the smallest requests, and a judge on a clock of its own."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import pytest

from massgen_plugins.sandbox import Host, LimitReport, Quota, Sandbox, SandboxConfig
from massgen_plugins.sandbox.quotas import NANOSECONDS
from massgen_plugins.sandbox.referee import Arrival, Referee, Ruling

Visit = Callable[["Client"], Awaitable[Any]]


class Client:
    """Sends requests to one sandbox."""

    def __init__(self, sandbox: Sandbox, session: aiohttp.ClientSession) -> None:
        self.sandbox = sandbox
        self.session = session

    async def ask(
        self, text: str = "hello", *, model: str = "gemini-2.5-flash", key: str = "k", stream: bool = False
    ) -> tuple[int, Any]:
        """Status and body of a Gemini request; of a stream, the list of its events."""
        method = "streamGenerateContent?alt=sse" if stream else "generateContent"
        body = {"contents": [{"parts": [{"text": text}]}]}
        return await self.post(f"/v1beta/models/{model}:{method}", body, key=key)

    async def post(self, path: str, body: Any, *, key: str = "k") -> tuple[int, Any]:
        data = io.BytesIO(body) if isinstance(body, bytes) else json.dumps(body)
        headers = {"x-goog-api-key": key} if key else {}
        async with self.session.post(self.sandbox.url + path, data=data, headers=headers) as response:
            raw = await response.text()
            if response.content_type == "text/event-stream":
                return response.status, events_in(raw)
            return response.status, json.loads(raw)

    async def get(self, path: str) -> Any:
        async with self.session.get(self.sandbox.url + path) as response:
            return await response.json()


def events_in(stream: str) -> list[Any]:
    lines = [line.removeprefix("data: ") for line in stream.splitlines() if line.startswith("data: ")]
    return [json.loads(line) for line in lines if line != "[DONE]"]


@pytest.fixture
def visit() -> Callable[[SandboxConfig, Visit], Any]:
    """Run a coroutine function with a client of a fresh sandbox; gives its result."""

    def run(config: SandboxConfig, visitor: Visit) -> Any:
        async def whole() -> Any:
            async with Sandbox(config) as sandbox, aiohttp.ClientSession() as session:
                return await visitor(Client(sandbox, session))

        return asyncio.run(whole())

    return run


class Judge:
    """Takes seconds, and knows the numbers of its calls."""

    def __init__(self, *quotas: Quota, **config: object) -> None:
        given = {"quotas": {"*": quotas}, **config}
        self.referee = Referee(SandboxConfig(**given), unix=1_795_000_000 * NANOSECONDS)
        self.ruling: Ruling | None = None

    def ask(self, seconds: float, **call: object) -> int:
        """The number of a call that is let in; 0 if it is refused."""
        known = {"key": "k", "model": "m", "endpoint": "e", "input_tokens": 10, "host": Host.OPENAI}
        arrival = Arrival(**{**known, **call})
        self.ruling = self.referee.arrive(at(seconds), arrival)
        return 0 if self.ruling.violations else self.ruling.number

    def end(self, number: int, seconds: float, output: int = 0) -> None:
        """The call is over, after so many tokens."""
        self.referee.headers_left(number, at(seconds), 200)
        self.referee.finished(number, at(seconds), output)

    def limit(self, name: str | None = None) -> LimitReport:
        """What one limit saw."""
        report = self.referee.report()
        return report.limit(name) if name else report.limits[0]

    @property
    def refused_by(self) -> tuple[str, ...]:
        """The names of the limits that refused the last call."""
        return self.referee.report().requests[-1].refused_by


def at(seconds: float) -> int:
    """In nanoseconds."""
    return round(seconds * NANOSECONDS)


@pytest.fixture
def judge_with() -> type[Judge]:
    """Makes a judge of these limits, for every model."""
    return Judge
