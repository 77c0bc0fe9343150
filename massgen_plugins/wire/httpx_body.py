"""Bodies for httpx and httpx2: replay the held pieces, then read on, observed by the answer reader."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterator, Mapping
from functools import cache
from types import ModuleType
from typing import Any

from massgen_plugins.wire.answer import AnswerReader
from massgen_plugins.wire.sender import Late

__all__ = ["HeldAsyncStream", "HeldSyncStream", "held_stream_types"]


class _HeldStream:
    """A received response, and the stream that replaces its own.

    Other attributes are delegated to the inner stream.

    Args:
        response: The client's response.
    """

    def __init__(self, response: Any) -> None:
        self.status: int = response.status_code
        self.headers: Mapping[str, str] = dict(response.headers.items())
        self.content_encoding = self.headers.get("content-encoding", "")
        self._response = response
        self._inner = response.stream
        self._source: Any = None
        self._passing = False
        self._held: deque[bytes] = deque()
        self._failure: Exception | None = None
        self._reader: AnswerReader | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def hand_over(self, reader: AnswerReader | None) -> Any:
        """The same response, with its stream replaced."""
        response, self._response = self._response, None  # no reference cycle
        response.stream = self
        self._reader = reader
        if reader is not None and response.is_closed:  # already read, and not read again
            if self._source is None:
                reader.see(response.content)
            reader.end()
        return response

    def _end(self) -> None:
        if self._reader is not None:
            self._reader.end()

    def _break_off(self, failure: Exception) -> None:
        raise failure


class HeldAsyncStream(_HeldStream):
    """For ``AsyncClient``."""

    _pending: asyncio.Task[bytes | None] | None = None
    """A read that timed out and continues: cancelling it would close the connection."""

    async def next_piece(self, seconds: float | None = None) -> bytes | None:
        """Read the next piece and hold it; None at the end, or if reading fails.

        Raises:
            Late: The piece did not arrive in time.
        """
        if self._source is None:
            self._source = aiter(self._inner)
        if seconds is not None:
            self._pending = self._pending or asyncio.ensure_future(self._next())
            if not (await asyncio.wait([self._pending], timeout=seconds))[0]:
                raise Late
        try:
            piece = await self._next_or_pending()
        except Exception as error:  # the client's own error: it meets it when it gets there
            self._failure = error
            return None
        if piece is not None:
            self._held.append(piece)
        return piece

    async def _next(self) -> bytes | None:
        piece: bytes | None = await anext(self._source, None)
        return piece

    async def _next_or_pending(self) -> bytes | None:
        if self._pending is None:
            return await self._next()
        try:
            return await self._pending
        finally:
            self._pending = None

    async def discard(self) -> None:
        """Close it; the connection lives on if the body was over."""
        await self.hand_over(None).aclose()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        self._passing = True
        source = self._source = aiter(self._inner) if self._source is None else self._source
        try:
            while self._held:
                yield self._held.popleft()
            if self._failure is not None:
                self._break_off(self._failure)
            while True:
                piece = await (anext(source, None) if self._pending is None else self._next_or_pending())
                if piece is None:
                    break
                if self._reader is not None:
                    self._reader.see(piece)
                yield piece
            self._end()
        except GeneratorExit:
            raise  # whoever closes the stream, or drops it, ends the reading
        except BaseException:
            self._end()
            raise
        finally:
            if isinstance(source, AsyncGenerator):
                await source.aclose()

    async def aclose(self) -> None:
        """The client reads no further."""
        self._end()
        if self._pending is not None:
            self._pending.cancel()
            await asyncio.gather(self._pending, return_exceptions=True)
        if isinstance(self._source, AsyncGenerator) and not self._passing:
            await self._source.aclose()
        await self._inner.aclose()


class HeldSyncStream(_HeldStream):
    """For ``Client``."""

    async def next_piece(self, _seconds: float | None = None) -> bytes | None:
        """As its asynchronous twin, but it blocks and never suspends, hence cannot be late."""
        if self._source is None:
            self._source = iter(self._inner)
        try:
            piece: bytes | None = next(self._source, None)
        except Exception as error:
            self._failure = error
            return None
        if piece is not None:
            self._held.append(piece)
        return piece

    async def discard(self) -> None:
        """Close it; the connection lives on if the body was over."""
        self.hand_over(None).close()

    def __iter__(self) -> Iterator[bytes]:
        self._passing = True
        source = self._source = iter(self._inner) if self._source is None else self._source
        try:
            while self._held:
                yield self._held.popleft()
            if self._failure is not None:
                self._break_off(self._failure)
            for piece in source:
                if self._reader is not None:
                    self._reader.see(piece)
                yield piece
            self._end()
        except GeneratorExit:
            raise
        except BaseException:
            self._end()
            raise
        finally:
            if isinstance(source, Generator):
                source.close()

    def close(self) -> None:
        """The client reads no further."""
        self._end()
        if isinstance(self._source, Generator) and not self._passing:
            self._source.close()
        self._inner.close()


@cache
def held_stream_types(client: ModuleType) -> tuple[type[HeldAsyncStream], type[HeldSyncStream]]:
    """Both kinds as subclasses of the client's own stream types, on which it insists."""
    asynchronous = type("HeldAsyncStream", (HeldAsyncStream, client.AsyncByteStream), {})
    synchronous = type("HeldSyncStream", (HeldSyncStream, client.SyncByteStream), {})
    return asynchronous, synchronous
