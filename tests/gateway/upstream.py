"""A provider as bytes on a socket: what it got is kept exactly, and what it says is scripted."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Self

__all__ = ["OPEN", "Got", "Upstream", "answer", "connect", "exchange", "read_head"]

OPEN: list[asyncio.StreamWriter] = []
"""Connections of the running test, which are closed at its end."""


@dataclass
class Got:
    """One request as it arrived; ``gone`` is set when whoever sent it has closed its connection."""

    line: str
    headers: list[tuple[str, str]]
    body: bytes
    gone: asyncio.Event = field(default_factory=asyncio.Event)

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


Script = Callable[[Got, asyncio.StreamWriter], Awaitable[None]]


def answer(body: bytes = b"{}", status: str = "200 OK", **headers: str) -> Script:
    """A whole answer at once."""

    async def script(_: Got, writer: asyncio.StreamWriter) -> None:
        size = str(len(body))
        named = {"Content-Type": "application/json", "Content-Length": size, "Connection": "close", **headers}
        lines = [f"HTTP/1.1 {status}", *(f"{key.replace('_', '-')}: {value}" for key, value in named.items())]
        writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
        await writer.drain()

    return script


class Upstream:
    """Listens on 127.0.0.1 while its ``async with`` block runs; one request for each connection."""

    def __init__(self, *scripts: Script) -> None:
        self.scripts = list(scripts)
        self.got: list[Got] = []
        self._arrivals = asyncio.Semaphore(0)

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=2**26)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()

    async def arrival(self) -> Got:
        """The next request that came."""
        await asyncio.wait_for(self._arrivals.acquire(), 20)
        return self.got[-1]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        OPEN.append(writer)
        got = Got(*await read_head(reader), b"")
        got.body = await reader.readexactly(int(got.header("content-length") or 0))
        self.got.append(got)
        script = self.scripts.pop(0) if self.scripts else answer()
        self._arrivals.release()
        watch = asyncio.create_task(self._watch(reader, got))
        try:
            await script(got, writer)
        except ConnectionError:
            pass
        finally:
            writer.close()
            watch.cancel()

    async def _watch(self, reader: asyncio.StreamReader, got: Got) -> None:
        with suppress(ConnectionError):
            await reader.read(1)
        got.gone.set()


async def read_head(reader: asyncio.StreamReader) -> tuple[str, list[tuple[str, str]]]:
    """First line and headers."""
    head = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 20)).decode().splitlines()
    pairs = [line.partition(": ") for line in head[1:] if line]
    return head[0], [(key, value) for key, _, value in pairs]


async def exchange(url: str, *lines: str, body: bytes = b"", method: str = "POST") -> tuple[str, dict, bytes]:
    """One request on a connection of its own: the answer's first line, headers and body, still in chunks."""
    reader, writer = await connect(url, *lines, body=body, method=method)
    line, headers = await read_head(reader)
    rest = await asyncio.wait_for(reader.read(), 20)
    writer.close()
    return line, {key.lower(): value for key, value in headers}, rest


async def connect(
    url: str, *lines: str, body: bytes = b"", method: str = "POST"
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Send a request; its connection is closed after the answer."""
    place, _, path = url.removeprefix("http://").partition("/")
    host, _, port = place.partition(":")
    reader, writer = await asyncio.open_connection(host, int(port), limit=2**26)
    named = {line.partition(":")[0].lower() for line in lines}
    own = [] if "host" in named else [f"Host: {place}"]
    own += [] if "connection" in named else ["Connection: close"]
    OPEN.append(writer)
    head = [f"{method} /{path} HTTP/1.1", *own, *lines, f"Content-Length: {len(body)}", "", ""]
    writer.write("\r\n".join(head).encode() + body)
    await writer.drain()
    return reader, writer
