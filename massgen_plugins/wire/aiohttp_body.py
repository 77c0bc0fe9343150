"""A stream reader for aiohttp: replays the held pieces, then reads on, observed by the answer reader."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from aiohttp import StreamReader

from massgen_plugins.wire.answer import AnswerReader
from massgen_plugins.wire.sender import Late

__all__ = ["HeldReader"]

T = TypeVar("T")


class HeldReader(StreamReader):
    """Replaces ``response.content``; other attributes are delegated to the inner reader.

    Deliberately does not call the base constructor: no protocol feeds this reader.
    """

    def __init__(self, inner: StreamReader) -> None:
        self._inner = inner
        self._held: deque[tuple[bytes, bool]] = deque()
        self._failure: Exception | None = None
        self._answer: AnswerReader | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def __repr__(self) -> str:
        return repr(self._inner)

    async def hold_piece(self, seconds: float | None = None) -> bytes | None:
        """Read the next piece and hold it; None at the end, or if reading fails.

        Raises:
            Late: The piece did not arrive in time.
        """
        try:
            piece = await self._next_chunk(seconds)
        except Late:
            raise
        except Exception as error:  # raised again when the client reads up to here
            self._failure = error
            return None
        if piece == (b"", False):
            return None
        self._held.append(piece)
        return piece[0]

    async def _next_chunk(self, seconds: float | None) -> tuple[bytes, bool]:
        if seconds is None:
            return await self._inner.readchunk()
        # Cancelling loses nothing: data that arrives meanwhile stays in the inner reader.
        chunk = asyncio.ensure_future(self._inner.readchunk())
        try:
            if (await asyncio.wait([chunk], timeout=seconds))[0]:
                return chunk.result()
        finally:
            if not chunk.done():  # only one reader is allowed at a time
                chunk.cancel()
                await asyncio.wait([chunk])
        raise Late

    def let_pass(self, answer: AnswerReader | None) -> None:
        """Stop holding; from now on ``answer`` observes everything that is read."""
        self._answer = answer
        self._end_if_over()

    async def read(self, n: int = -1) -> bytes:
        if n == 0:
            return b""
        held = self._take(n)
        if n < 0:
            return held + await self._pass(self._inner.read)
        return held or await self._pass(self._inner.read, n)

    async def readany(self) -> bytes:
        return self._take(-1) or await self._pass(self._inner.readany)

    async def readchunk(self) -> tuple[bytes, bool]:
        if self._held:
            piece = self._held.popleft()
            self._end_if_over()
            return piece
        data, end_of_chunk = await self._read_on(self._inner.readchunk)
        self._see(data)
        return data, end_of_chunk

    async def readline(self, **limits: Any) -> bytes:
        # Pass ``max_line_length`` on unchanged: readers before aiohttp 3.14 must reject it themselves.
        line = self._take_until(b"\n")
        return line if line.endswith(b"\n") else line + await self._pass(self._inner.readline, **limits)

    async def readuntil(self, separator: bytes = b"\n", **limits: Any) -> bytes:
        data = self._take_until(separator)
        while not data.endswith(separator) and _ends_with_a_part(data, separator):
            byte = await self._pass(self._inner.read, 1)
            if not byte:
                return data
            data += byte
        if data.endswith(separator):
            return data
        return data + await self._pass(self._inner.readuntil, separator, **limits)

    def read_nowait(self, n: int = -1) -> bytes:
        held = self._take(n)
        if held and n >= 0:
            return held
        data = self._inner.read_nowait(n)
        self._see(data)
        return held + data

    def unread_data(self, data: bytes) -> None:
        self._held.appendleft((data, False))

    def at_eof(self) -> bool:
        return not self._held and self._inner.at_eof()

    def is_eof(self) -> bool:
        return self._inner.is_eof()

    async def wait_eof(self) -> None:
        await self._inner.wait_eof()

    def on_eof(self, callback: Callable[[], None]) -> None:
        self._inner.on_eof(callback)

    def set_read_chunk_size(self, n: int) -> None:
        if hasattr(self._inner, "set_read_chunk_size"):
            self._inner.set_read_chunk_size(n)

    def exception(self) -> Any:
        return self._inner.exception()

    def set_exception(self, exc: Any, *cause: Any) -> None:
        """Called when the client closes the response: nothing more will be read."""
        self._inner.set_exception(exc, *cause)
        if self._answer is not None:
            self._answer.end()

    async def _pass(self, read: Callable[..., Awaitable[bytes]], *args: Any, **kwargs: Any) -> bytes:
        data = await self._read_on(read, *args, **kwargs)
        self._see(data)
        return data

    async def _read_on(self, read: Callable[..., Awaitable[T]], *args: Any, **kwargs: Any) -> T:
        if self._failure is not None:
            raise self._failure
        try:
            return await read(*args, **kwargs)
        except BaseException:
            if self._answer is not None:
                self._answer.end()
            raise

    def _see(self, data: bytes) -> None:
        if self._answer is not None:
            self._answer.see(data)
        self._end_if_over()

    def _end_if_over(self) -> None:
        if self._answer is not None and self.at_eof():
            self._answer.end()

    def _take(self, n: int) -> bytes:
        """Up to ``n`` held bytes, all of them if ``n`` is negative."""
        taken = bytearray()
        while self._held and (n < 0 or len(taken) < n):
            data, end_of_chunk = self._held.popleft()
            room = len(data) if n < 0 else n - len(taken)
            taken += data[:room]
            if data[room:]:
                self._held.appendleft((data[room:], end_of_chunk))
        self._end_if_over()
        return bytes(taken)

    def _take_until(self, separator: bytes) -> bytes:
        """Held bytes up to and including the separator; all of them if it does not occur."""
        place = b"".join(data for data, _ in self._held).find(separator)
        return self._take(-1 if place < 0 else place + len(separator))


def _ends_with_a_part(data: bytes, separator: bytes) -> bool:
    return any(data.endswith(separator[:length]) for length in range(1, len(separator)))
