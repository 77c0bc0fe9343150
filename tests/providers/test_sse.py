"""The parser of events: the same ones however they are cut, in no more memory than one of them may take."""

from __future__ import annotations

import sys
import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from massgen_plugins.providers.sse import EventReader, read_event

MEGABYTE = 1024 * 1024
PARTS = st.sampled_from(
    [
        *(b"data: ", b"data:", b"event: error", b"event:", b"id: 7", b": comment", b"retry: 5"),
        *(
            b"\n",
            b"\r",
            b"\r\n",
            b"\n\n",
            b"\r\n\r\n",
            b"\x0b",
            b"\x0c",
            b"\x85",
            b"{}",
            b'{"a": 1}',
            b"\xff",
        ),
    ]
)
STREAMS = st.lists(PARTS | st.binary(max_size=6), max_size=30).map(b"".join)


def events_of(pieces):
    reader = EventReader()
    found = [event for piece in pieces for event in reader.feed(piece)]
    last = reader.end()
    return found if last is None else [*found, last]


def readable(pieces):
    """Where a cut goes through the two signs of one end of line, one of them may be missing."""
    return [(event.name, event.data, event.raw.translate(None, b"\r\n")) for event in events_of(pieces)]


@given(STREAMS, st.lists(st.integers(0, 200), max_size=10))
def test_cuts_change_nothing(stream, cuts):
    places = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    pieces = [stream[start:end] for start, end in pairwise(places)]
    assert readable(pieces) == readable([stream])
    assert readable(stream[at : at + 1] for at in range(len(stream))) == readable([stream])


def test_a_blank_line_after_an_end_of_line_that_was_cut_ends_the_event():
    assert readable([b"data: 1\r", b"\n", b"\n", b"data: 2"]) == readable([b"data: 1\r\n\ndata: 2"])
    assert len(events_of([b"data: 1\r", b"\n", b"\n", b"data: 2"])) == 2


@given(STREAMS)
def test_nothing_is_lost_but_ends_of_lines(stream):
    raw = b"".join(event.raw for event in events_of([stream]))
    assert raw.translate(None, b"\r\n") == stream.translate(None, b"\r\n")


@pytest.mark.parametrize(
    ("stream", "name", "data"),
    [
        (b'data: {"a": 1}\n\n', "", b'{"a": 1}'),
        (b'data:{"a": 1}\r\n\r\n', "", b'{"a": 1}'),
        (b"event: error\ndata: 1\ndata: 2\n\n", "error", b"1\n2"),
        (b"data:  two blanks \n\n", "", b" two blanks "),
        (b": keep-alive\n\ndata: 1\n\n", "", b"1"),
        (b"data: no end", "", b"no end"),
        (b"data: \n\n", "", b""),
    ],
)
def test_an_event_is_read_by_its_fields(stream, name, data):
    event = read_event(stream)
    assert (event.name, event.data) == (name, data)


@pytest.mark.parametrize(
    "piece", [b"a" * 65_536, b"data: x\n" * 8_000, b": \n" * 20_000, b"\n" * 65_536, b"\r" * 9]
)
def test_memory_is_bounded_and_time_is_linear(piece):
    reader = EventReader()
    started = time.process_time()
    for _ in range(160):
        reader.feed(piece)
    assert time.process_time() - started < 20
    kept = len(reader._rest) + sum(map(sys.getsizeof, reader._lines))
    assert kept < 12 * MEGABYTE
    reader.end()
