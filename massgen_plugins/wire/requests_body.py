"""A raw body for requests: replays the held pieces, then reads on, observed by the answer reader."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Any

from massgen_plugins.wire.answer import AnswerReader

__all__ = ["HeldRaw"]

_PIECE = 64 * 1024


class HeldRaw:
    """Replaces urllib3's response; other attributes are delegated to the inner one."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self._source: Iterator[bytes] | None = None
        self._held: deque[bytes] = deque()
        self._failure: Exception | None = None
        self._reader: AnswerReader | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def hold_piece(self) -> bytes | None:
        """Read the next decoded piece and hold it; None at the end, or if reading fails."""
        if self._source is None:
            self._source = self._inner.stream(_PIECE, decode_content=True)
        try:
            piece = next(self._source, None)
        except Exception as error:  # raised again when the client reads up to here
            self._failure = error
            return None
        if piece is not None:
            self._held.append(piece)
        return piece

    def let_pass(self, reader: AnswerReader | None) -> None:
        """Stop holding; from now on ``reader`` observes everything that is read."""
        self._reader = reader

    def stream(self, amt: int | None = _PIECE, decode_content: bool | None = None) -> Iterator[bytes]:
        """Yield the body in pieces as they arrive."""
        if self._source is None:
            self._source = self._inner.stream(amt, decode_content=decode_content)
        while self._held:
            yield self._held.popleft()
        try:
            self._fail_if_broken()
            for piece in self._source:
                self._see(piece)
                yield piece
        except GeneratorExit:
            raise  # closing or dropping the body ends the reading
        except BaseException:
            self._end()
            raise
        self._end()

    def read(self, amt: int | None = None, *args: Any, **kwargs: Any) -> bytes:
        """Read up to ``amt`` bytes, or everything that is left."""
        if self._source is not None:
            return self._read_held(amt)
        try:
            data: bytes = self._inner.read(amt, *args, **kwargs)
        except BaseException:
            self._end()
            raise
        self._see(data)
        if amt is None or (amt and not data):
            self._end()
        return data

    def _read_held(self, amt: int | None) -> bytes:
        taken = bytearray()
        pieces = self.stream()
        while amt is None or len(taken) < amt:
            piece = next(pieces, None)
            if piece is None:
                break
            taken += piece
        if amt is not None and taken[amt:]:
            self._held.appendleft(bytes(taken[amt:]))
        return bytes(taken[:amt])

    def close(self) -> None:
        """Called when the client stops reading."""
        self._end()
        self._inner.close()

    def release_conn(self) -> None:
        """Called when the client no longer needs the connection."""
        self._end()
        self._inner.release_conn()

    def _fail_if_broken(self) -> None:
        if self._failure is not None:
            raise self._failure

    def _see(self, data: bytes) -> None:
        if self._reader is not None:
            self._reader.see(data)

    def _end(self) -> None:
        if self._reader is not None:
            self._reader.end()
