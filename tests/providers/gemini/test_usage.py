"""What the usage reader makes of answers, however they are cut, and of counts that cannot be."""

from __future__ import annotations

import json
import time
import tracemalloc
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from massgen_plugins.middleware import Usage
from massgen_plugins.providers.gemini import GeminiProvider
from massgen_plugins.quota import Kind

from .conftest import request_for

MEGABYTE = 1024 * 1024


def event(text: str, **counts: object) -> dict:
    return {"candidates": [{"content": {"parts": [{"text": text}]}}], "usageMetadata": counts}


EVENTS = [
    event("The", promptTokenCount=7, totalTokenCount=7, promptTokensDetails=[{"tokenCount": 7}]),
    event(' "usageMetadata": {"promptTokenCount": 999} ', promptTokenCount=7, candidatesTokenCount=2),
    event(
        "answer is 4: \u56db",
        promptTokenCount=7,
        cachedContentTokenCount=3,
        candidatesTokenCount=5,
        thoughtsTokenCount=30,
        toolUsePromptTokenCount=11,
        totalTokenCount=53,
        promptTokensDetails=[{"modality": "TEXT", "tokenCount": 6}, {"modality": "AUDIO", "tokenCount": 1}],
    ),
    event("", promptTokenCount=None, totalTokenCount=53),
]
EXPECTED = {Kind.INPUT_TOKENS: 18, Kind.OUTPUT_TOKENS: 35, Kind.TOTAL_TOKENS: 53}
RAW = {
    "promptTokenCount": 7,
    "cachedContentTokenCount": 3,
    "candidatesTokenCount": 5,
    "thoughtsTokenCount": 30,
    "toolUsePromptTokenCount": 11,
    "totalTokenCount": 53,
    "promptTokensDetails.TEXT": 6,
    "promptTokensDetails.AUDIO": 1,
}

ANSWERS = {
    "events": "".join(f"data: {json.dumps(item)}\r\n\r\n" for item in EVENTS).encode(),
    "events that end early": "\n\n".join(f"data: {json.dumps(item)}" for item in EVENTS).encode(),
    "list": json.dumps(EVENTS, indent=2).encode(),
    "list that ends early": b"[" + ",\r\n".join(json.dumps(item) for item in EVENTS).encode(),
    "list that ends within an element": json.dumps(EVENTS).encode()[:-1] + b', {"candidates": [{"x',
    "document": json.dumps(EVENTS[2], indent=2, ensure_ascii=False).encode(),
    "document after a byte order mark": b"\xef\xbb\xbf\r\n" + json.dumps(EVENTS[2]).encode(),
    "document of Code Assist": json.dumps({"response": EVENTS[2], "traceId": "1"}).encode(),
}


def new_reader():
    return GeminiProvider().usage_reader(request_for())


def read(pieces) -> Usage | None:
    reader = new_reader()
    for piece in pieces:
        reader.feed(piece)
    return reader.usage()


def cut(data: bytes, places: list[int]) -> list[bytes]:
    edges = [0, *sorted(places), len(data)]
    return [data[start:end] for start, end in pairwise(edges)]


@given(st.sampled_from(list(ANSWERS)), st.data())
def test_any_cut_gives_the_same_usage(name, data):
    answer = ANSWERS[name]
    places = data.draw(st.lists(st.integers(0, len(answer)), max_size=12))
    assert read(cut(answer, places)).amounts == EXPECTED


@pytest.mark.parametrize("name", list(ANSWERS))
def test_byte_by_byte_gives_the_same_usage_though_it_is_asked_for_all_the_time(name):
    reader = new_reader()
    for byte in ANSWERS[name]:
        reader.feed(bytes([byte]))
        reader.usage()
    usage = reader.usage()
    assert usage.amounts == EXPECTED
    assert {key: usage.raw[key] for key in RAW} == RAW
    assert usage.cost is None


def test_usage_is_known_from_the_first_event_on_and_the_last_report_wins():
    reader = new_reader()
    assert reader.usage() is None
    seen = []
    for item in EVENTS:
        reader.feed(f"data: {json.dumps(item)}\r\n\r\n".encode())
        seen.append(reader.usage().amounts[Kind.TOTAL_TOKENS])
    assert seen == [7, 9, 53, 53]


def test_output_is_zero_when_nothing_was_answered():
    usage = read([b'{"usageMetadata": {"promptTokenCount": 9}}'])
    assert usage == Usage(
        {Kind.INPUT_TOKENS: 9, Kind.OUTPUT_TOKENS: 0, Kind.TOTAL_TOKENS: 9}, {"promptTokenCount": 9}
    )


ZEROS = {
    "promptTokenCount": 0,
    "candidatesTokenCount": 0,
    "totalTokenCount": 0,
    "cachedContentTokenCount": 0,
    "thoughtsTokenCount": 0,
}


@pytest.mark.parametrize(
    "events",
    [
        [ZEROS],
        [ZEROS, {}],
        [{"promptTokenCount": 0, "totalTokenCount": 45_014}],
        [{"promptTokenCount": 0, "candidatesTokenCount": 3}],
        [{}],
        [{"totalTokenCount": 12}],
    ],
)
@pytest.mark.parametrize("end", [b"\n\n", b""])
def test_counts_without_input_cannot_be_and_the_estimate_stays(events, end):
    lines = [b"data: " + json.dumps(event("x", **counts)).encode() for counts in events]
    assert read([b"\n\n".join(lines) + end]) is None


@pytest.mark.parametrize(
    "last",
    [
        ZEROS,
        {"promptTokenCount": 0},
        {"promptTokenCount": 45_014, "candidatesTokenCount": 0},
        {"promptTokenCount": 45_014, "totalTokenCount": 0},
    ],
)
def test_counts_do_not_shrink_to_zero(last):
    counts = {"promptTokenCount": 45_014, "candidatesTokenCount": 210, "totalTokenCount": 45_224}
    answer = "".join(f"data: {json.dumps(event('x', **each))}\n\n" for each in (counts, last)).encode()
    assert read([answer]).amounts == {
        Kind.INPUT_TOKENS: 45_014,
        Kind.OUTPUT_TOKENS: 210,
        Kind.TOTAL_TOKENS: 45_224,
    }


def test_zeros_first_and_counts_later_are_the_counts():
    answer = "".join(
        f"data: {json.dumps(event('x', **each))}\n\n" for each in (ZEROS, {"promptTokenCount": 7})
    )
    assert read([answer.encode()]).amounts[Kind.INPUT_TOKENS] == 7


def test_counts_may_shrink_to_another_count():
    answer = "".join(
        f"data: {json.dumps(event('x', promptTokenCount=7, candidatesTokenCount=each))}\n\n"
        for each in (9, 8)
    )
    assert read([answer.encode()]).amounts[Kind.OUTPUT_TOKENS] == 8


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b'{"candidates": []}',
        b'{"usageMetadata": {"promptTokenCount": "7"}}',
        b'{"usageMetadata": {"promptTokenCount": -7}}',
        b'{"usageMetadata": {"promptTokenCount": true}}',
        b'{"usageMetadata": {"promptTokenCount": 1' + b"0" * 40 + b"}}",
        b'{"usageMetadata": [7]}',
        b'{"candidates": [{"args": {"usageMetadata": {"promptTokenCount": 999}}}]}',
        b'data: {"usageMetadata": {"promptTokenCount": 7\n\n',
        b'{"usageMetadata": ' + b"[" * 100_000 + b"}",
        b" " * 5_000_000,
        b"<html>usageMetadata</html>",
    ],
)
def test_no_usage_is_made_up(answer):
    assert read([answer]) is None


@pytest.mark.parametrize("piece", [700, 65_536, 10_000_000])
@pytest.mark.parametrize("frame", [b"data: %s\r\n\r\n", b"%s", b"[%s\n,"])
def test_an_image_in_the_answer_does_not_hide_the_usage_nor_stay_in_memory(piece, frame):
    image = json.dumps({"candidates": [{"inlineData": "A" * 3_000_000}], **event("", promptTokenCount=4)})
    pieces = cut(frame % image.encode(), list(range(piece, len(image), piece)))
    reader = new_reader()
    tracemalloc.start()
    for each in pieces:
        reader.feed(each)
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert reader.usage().amounts[Kind.INPUT_TOKENS] == 4
    assert kept < 2.5 * MEGABYTE


def numbers(count: int) -> dict:
    return {"candidates": [{"args": [1] * count}], **event("", promptTokenCount=4)}


@pytest.mark.parametrize("frame", [b"data: %s\r\n\r\n", b"%s"])
def test_an_answer_of_much_structure_does_not_hide_the_usage(frame):
    assert read([frame % json.dumps(numbers(100_000)).encode()]).amounts[Kind.INPUT_TOKENS] == 4


LARGE = {
    "events": b"data: " + json.dumps(event("x" * 500, promptTokenCount=4)).encode() + b"\r\n\r\n",
    "list": b",\n" + json.dumps(event("x" * 500, promptTokenCount=4)).encode(),
}


@pytest.mark.parametrize(
    "answer",
    [
        LARGE["events"] * (MEGABYTE // len(LARGE["events"])),
        b"[" + (LARGE["list"] * (MEGABYTE // len(LARGE["list"])))[1:],
        b'{"candidates": "' + b"}" * MEGABYTE + b'", "usageMetadata": {"promptTokenCount": 4}}',
        b'{"usageMetadata": {"promptTokenCount": 4}, "x": "' + b"}" * MEGABYTE,
        b'data: {"usageMetadata": {"promptTokenCount": 4}, "x": "' + b"}" * MEGABYTE,
        b": comment\n" * (MEGABYTE // 10),
        b"\n" * MEGABYTE,
    ],
    ids=[
        "events",
        "list",
        "document",
        "document without end",
        "event without end",
        "comments",
        "blank lines",
    ],
)
def test_a_megabyte_in_small_pieces_takes_time_in_proportion_to_it(answer):
    reader = new_reader()
    start = time.thread_time()
    for place in range(0, len(answer), 700):
        reader.feed(answer[place : place + 700])
        reader.usage()
    assert time.thread_time() - start < 1.0
