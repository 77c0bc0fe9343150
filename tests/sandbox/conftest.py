"""A sandbox to talk to over real HTTP, and the smallest requests."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import pytest

from massgen_plugins.sandbox import Sandbox, SandboxConfig

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
