"""Body streams for httpx and httpx2: first give back what was held, then read on, read along by a tee."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterator
from functools import cache
from types import ModuleType
from typing import Any

from massgen_plugins.wire.tee import Tee

__all__ = ["HeldAsyncStream", "HeldSyncStream", "held_stream_types"]


class _HeldStream:
    """What both kinds share. Attributes that are not its own are those of the inner stream."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self._source: Any = None
        self._passing = False
        self._held: deque[bytes] = deque()
        self._failure: Exception | None = None
        self._tee: Tee | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def let_pass(self, tee: Tee | None) -> None:
        """Hold no more; from now on ``tee`` sees what is read."""
        self._tee = tee

    def _see(self, data: bytes) -> None:
        if self._tee is not None:
            self._tee.see(data)

    def _end(self) -> None:
        if self._tee is not None:
            self._tee.end()


class HeldAsyncStream(_HeldStream):
    """For ``AsyncClient``."""

    async def hold_piece(self) -> bytes | None:
        """Take the next piece and keep it; None at the end, also when the body breaks off there."""
        if self._source is None:
            self._source = aiter(self._inner)
        try:
            piece: bytes = await anext(self._source)
        except StopAsyncIteration:
            return None
        except Exception as error:  # the client's own error: it meets it when it gets there
            self._failure = error
            return None
        self._held.append(piece)
        return piece

    async def __aiter__(self) -> AsyncIterator[bytes]:
        self._passing = True
        source = aiter(self._inner) if self._source is None else self._source
        try:
            while self._held:
                yield self._held.popleft()
            if self._failure is not None:
                raise self._failure
            async for piece in source:
                self._see(piece)
                yield piece
        finally:
            self._end()
            if isinstance(source, AsyncGenerator):
                await source.aclose()

    async def aclose(self) -> None:
        """The client reads no further."""
        self._end()
        if isinstance(self._source, AsyncGenerator) and not self._passing:
            await self._source.aclose()
        await self._inner.aclose()


class HeldSyncStream(_HeldStream):
    """For ``Client``."""

    async def hold_piece(self) -> bytes | None:
        """As its asynchronous twin; it blocks and never suspends."""
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

    def __iter__(self) -> Iterator[bytes]:
        self._passing = True
        source = iter(self._inner) if self._source is None else self._source
        try:
            while self._held:
                yield self._held.popleft()
            if self._failure is not None:
                raise self._failure
            for piece in source:
                self._see(piece)
                yield piece
        finally:
            self._end()
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
