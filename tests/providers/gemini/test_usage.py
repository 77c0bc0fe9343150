"""What the usage reader makes of answers, however they are cut."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from massgen_plugins.providers.gemini import GeminiProvider
from massgen_plugins.quota import Kind


def event(text: str, **counts: object) -> dict:
    return {"candidates": [{"content": {"parts": [{"text": text}]}}], "usageMetadata": counts}


EVENTS = [
    event("The", promptTokenCount=7, totalTokenCount=7, promptTokensDetails=[{"tokenCount": 7}]),
    event(' "usageMetadata": {"promptTokenCount": 999} ', promptTokenCount=7, candidatesTokenCount=2),
    event(
        "answer is 4: \u56db",
        promptTokenCount=7,
        candidatesTokenCount=5,
        thoughtsTokenCount=30,
        toolUsePromptTokenCount=11,
        totalTokenCount=53,
    ),
    event("", promptTokenCount=None, totalTokenCount=53),
]
EXPECTED = {Kind.INPUT_TOKENS: 18, Kind.OUTPUT_TOKENS: 35, Kind.TOTAL_TOKENS: 53}

ANSWERS = {
    "events": "".join(f"data: {json.dumps(item)}\r\n\r\n" for item in EVENTS).encode(),
    "events that end early": "\n\n".join(f"data: {json.dumps(item)}" for item in EVENTS).encode(),
    "list": json.dumps(EVENTS, indent=2).encode(),
    "document": json.dumps(EVENTS[2], indent=2, ensure_ascii=False).encode(),
    "document after a byte order mark": b"\xef\xbb\xbf\r\n" + json.dumps(EVENTS[2]).encode(),
}


def read(pieces, *, stream: bool = True):
    reader = GeminiProvider().usage_reader(stream=stream)
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
    assert read(cut(answer, places)) == EXPECTED


@pytest.mark.parametrize("name", list(ANSWERS))
def test_byte_by_byte_gives_the_same_usage(name):
    assert read([bytes([byte]) for byte in ANSWERS[name]]) == EXPECTED


def test_usage_is_known_from_the_first_event_on_and_the_last_report_wins():
    reader = GeminiProvider().usage_reader(stream=True)
    assert reader.usage() is None
    seen = []
    for item in EVENTS:
        reader.feed(f"data: {json.dumps(item)}\r\n\r\n".encode())
        seen.append(reader.usage()[Kind.TOTAL_TOKENS])
    assert seen == [7, 7, 53, 53]


def test_output_is_none_when_nothing_was_answered():
    assert read([b'{"usageMetadata": {"promptTokenCount": 9}}'], stream=False) == {
        Kind.INPUT_TOKENS: 9,
        Kind.OUTPUT_TOKENS: 0,
        Kind.TOTAL_TOKENS: 9,
    }


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
    ],
)
def test_no_usage_is_made_up(answer):
    assert read([answer]) is None


@pytest.mark.parametrize("piece", [700, 65_536, 10_000_000])
@pytest.mark.parametrize("frame", [b"data: %s\r\n\r\n", b"%s"])
def test_an_image_in_the_answer_does_not_hide_the_usage_nor_stay_in_memory(piece, frame):
    image = json.dumps({"candidates": [{"inlineData": "A" * 3_000_000}], **event("", promptTokenCount=4)})
    answer = frame % image.encode()
    reader = GeminiProvider().usage_reader(stream=True)
    most = 0
    for start in range(0, len(answer), piece):
        reader.feed(answer[start : start + piece])
        most = max(most, len(reader._kept))
    assert reader.usage()[Kind.INPUT_TOKENS] == 4
    assert most <= 1024 * 1024
