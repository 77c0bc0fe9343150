"""Every byte reaches the client as it would without us, in whatever pieces it comes and is read."""

from __future__ import annotations

import asyncio
import gzip
import zlib
from types import SimpleNamespace

import httpx
import httpx2
import pytest
from aiohttp import StreamReader
from hypothesis import given, settings
from hypothesis import strategies as st

from massgen_plugins.wire.aiohttp_body import HeldReader
from massgen_plugins.wire.decoding import Decoder
from massgen_plugins.wire.httpx_body import held_stream_types

BODY = b'data: {"text": "a"}\r\n\r\ndata: {"text": "\xc3\xa4"}\n\n: note\n\nlast line without an end'

cuts = st.lists(st.integers(0, len(BODY)), max_size=8).map(sorted)
held_pieces = st.integers(0, 12)
reads = st.lists(
    st.one_of(
        st.just(("readline",)),
        st.just(("readany",)),
        st.just(("readchunk",)),
        st.just(("read_nowait", 3)),
        st.tuples(st.just("read"), st.integers(0, 30)),
        st.tuples(st.just("readuntil"), st.sampled_from([b"\r\n\r\n", b"}\r", b"\n\n", b"ab", b"\n"])),
        st.tuples(st.just("readexactly"), st.integers(0, 5)),
    ),
    max_size=12,
)


class Seeing:
    """A reader of answers that remembers."""

    def __init__(self):
        self.seen = b""
        self.ended = False

    def see(self, data):
        assert not self.ended or not data
        self.seen += data

    def end(self):
        self.ended = True


def pieces_of(body, places):
    ends = [*places, len(body)]
    starts = [0, *places]
    return [body[start:end] for start, end in zip(starts, ends, strict=True)]


def aiohttp_reader(pieces, *, chunked):
    protocol = SimpleNamespace(
        connected=True, pause_reading=lambda: None, resume_reading=lambda **_: None, _reading_paused=False
    )
    reader = StreamReader(protocol, 2**16, loop=asyncio.get_running_loop())
    for piece in pieces:
        if chunked:
            reader.begin_http_chunk_receiving()
        reader.feed_data(piece)
        if chunked:
            reader.end_http_chunk_receiving()
    reader.feed_eof()
    return reader


@settings(max_examples=300, deadline=None)
@given(cuts, held_pieces, reads, st.booleans())
def test_aiohttp_readers_return_the_body_whatever_is_called(places, held, calls, chunked):
    async def scenario():
        inner = aiohttp_reader(pieces_of(BODY, places), chunked=chunked)
        reader = HeldReader(inner)
        before = b""
        for _ in range(held):
            before += await reader.hold_piece() or b""
        answer = Seeing()
        reader.let_pass(answer)
        got = b""
        for name, *args in calls:
            try:
                result = getattr(reader, name)(*args)
                result = result if isinstance(result, bytes) else await result
            except asyncio.IncompleteReadError as error:
                result = error.partial
            got += result[0] if isinstance(result, tuple) else result
        got += await reader.read()
        assert got == BODY
        assert before + answer.seen == BODY
        assert answer.ended
        assert reader.at_eof()

    asyncio.run(scenario())


@settings(max_examples=100, deadline=None)
@given(cuts, held_pieces, st.sampled_from([b"\n", b"\r\n\r\n", b"\n\n"]))
def test_aiohttp_readers_find_the_same_lines(places, held, separator):
    async def lines(reader):
        found = []
        while line := await reader.readuntil(separator):
            found.append(line)
        return found

    async def scenario():
        pieces = pieces_of(BODY, places)
        reader = HeldReader(aiohttp_reader(pieces, chunked=False))
        for _ in range(held):
            await reader.hold_piece()
        assert await lines(reader) == await lines(aiohttp_reader(pieces, chunked=False))

    asyncio.run(scenario())


@settings(max_examples=50, deadline=None)
@given(cuts, held_pieces, st.sampled_from(["iter_any", "iter_chunks", "iter_chunked", "__aiter__"]))
def test_aiohttp_readers_iterate_over_the_body(places, held, name):
    async def scenario():
        reader = HeldReader(aiohttp_reader(pieces_of(BODY, places), chunked=True))
        for _ in range(held):
            await reader.hold_piece()
        pieces = [piece async for piece in getattr(reader, name)(*([7] if name == "iter_chunked" else []))]
        assert b"".join(piece[0] if isinstance(piece, tuple) else piece for piece in pieces) == BODY

    asyncio.run(scenario())


def test_an_aiohttp_body_that_breaks_off_does_so_at_the_same_place():
    async def scenario():
        inner = aiohttp_reader([], chunked=False)
        inner._eof = False
        inner.feed_data(b"half")
        reader = HeldReader(inner)
        assert await reader.hold_piece() == b"half"
        inner.set_exception(ConnectionResetError("gone"))
        assert await reader.hold_piece() is None
        assert await reader.readany() == b"half"
        with pytest.raises(ConnectionResetError):
            await reader.readany()

    asyncio.run(scenario())


class Pieces(httpx.AsyncByteStream, httpx.SyncByteStream):
    def __init__(self, pieces, error=None):
        self._pieces = pieces
        self._error = error

    def __iter__(self):
        yield from self._pieces
        if self._error is not None:
            raise self._error

    async def __aiter__(self):
        for piece in self:
            yield piece


def response_of(stream):
    return SimpleNamespace(status_code=200, headers={}, stream=stream, is_closed=False)


@settings(max_examples=100, deadline=None)
@given(cuts, held_pieces, st.sampled_from([httpx, httpx2]), st.booleans())
def test_httpx_streams_yield_the_same_pieces(places, held, package, breaks):
    pieces = pieces_of(BODY, places)
    error = ConnectionResetError("gone") if breaks else None

    def check(answer, before, got, caught):
        assert got == pieces
        assert caught == breaks
        assert before + answer.seen == BODY
        assert answer.ended

    async def asynchronous():
        stream = held_stream_types(package)[0](response_of(Pieces(pieces, error)))
        before = b"".join([await stream.next_piece() or b"" for _ in range(held)])
        stream.hand_over(answer := Seeing())
        got, caught = [], False
        try:
            async for piece in stream:
                got.append(piece)  # noqa: PERF401 - what came before the error counts
        except ConnectionResetError:
            caught = True
        check(answer, before, got, caught)
        await stream.aclose()

    def synchronous():
        stream = held_stream_types(package)[1](response_of(Pieces(pieces, error)))
        hold = [stream.next_piece() for _ in range(held)]
        before = b"".join(now(piece) or b"" for piece in hold)
        stream.hand_over(answer := Seeing())
        got, caught = [], False
        try:
            got.extend(stream)
        except ConnectionResetError:
            caught = True
        check(answer, before, got, caught)
        stream.close()

    asyncio.run(asynchronous())
    synchronous()


def now(coroutine):
    try:
        coroutine.send(None)
    except StopIteration as end:
        return end.value
    raise AssertionError("it suspended")


@given(cuts, st.sampled_from(["gzip", "x-gzip", "deflate", "zstd", "gzip, identity", "", "deflate, gzip"]))
def test_compressed_bodies_are_read_piece_by_piece(places, coding):
    import zstandard

    compress = {"gzip": gzip.compress, "x-gzip": gzip.compress, "deflate": zlib.compress}
    whole = BODY
    for step in filter(None, coding.split(", ")):
        whole = {**compress, "zstd": zstandard.compress, "identity": bytes}[step](whole)
    decode = Decoder(coding).decode
    places = [place for place in places if place <= len(whole)]
    assert b"".join(decode(piece) for piece in pieces_of(whole, places)) == BODY


@pytest.mark.parametrize("coding", ["rot13", "gzip, rot13", "gzip"])
def test_what_cannot_be_decoded_decodes_to_nothing(coding):
    decoder = Decoder(coding)
    assert [decoder.decode(piece) for piece in (b"not", b"gzip", b"")] == [b"", b"", b""]


def test_what_came_before_the_damage_is_decoded():
    decoder = Decoder("gzip")
    whole = gzip.compress(BODY)
    assert decoder.decode(whole[:-8]) == BODY
    assert decoder.decode(b"not the checksum") == decoder.decode(whole) == b""
