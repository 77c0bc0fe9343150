"""What answers report, in every shape, cut anywhere; and what cannot be true is not believed."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from massgen_plugins.quota import Kind
from tests.providers.every import PROVIDERS, event, request_to

CHAT = {
    "prompt_tokens": 789,
    "completion_tokens": 48,
    "total_tokens": 837,
    "prompt_tokens_details": {"cached_tokens": 10},
    "completion_tokens_details": {"reasoning_tokens": 20},
}
RESPONSES = {
    "input_tokens": 765,
    "input_tokens_details": {"cached_tokens": 10},
    "output_tokens": 48,
    "output_tokens_details": {"reasoning_tokens": 0},
    "total_tokens": 813,
}
CHUNK = {"choices": [{"index": 0, "delta": {"content": 'a "usage": {"prompt_tokens": 9} b'}}], "usage": None}
STREAMS = {
    "chat": event(CHUNK) * 3 + event({"choices": [], "usage": CHAT}) + b"data: [DONE]\n\n",
    "chat, windows": (event(CHUNK) * 3 + event({"choices": [], "usage": CHAT})).replace(b"\n", b"\r\n"),
    "chat, no end": event(CHUNK) + event({"choices": [], "usage": CHAT}).rstrip(),
    "document": json.dumps({"choices": [{"message": {"content": "x"}}], "usage": CHAT}).encode(),
    "document, blanks": b"\n \n" + json.dumps({"usage": CHAT, "choices": []}, indent=2).encode() + b"\n",
}
STARTED = {"input_tokens": 20, "cache_creation_input_tokens": 400, "cache_read_input_tokens": 12_000,
           "cache_creation": {"ephemeral_5m_input_tokens": 400}, "output_tokens": 1}  # fmt: skip
MESSAGES = (
    event({"type": "message_start", "message": {"id": "m", "usage": STARTED}}, "message_start")
    + event({"type": "ping"}, "ping")
    + event({"type": "content_block_delta", "delta": {"type": "text_delta", "text": "hi"}})
    + event({"type": "message_delta", "delta": {}, "usage": {"output_tokens": 25}}, "message_delta")
    + event({"type": "message_delta", "delta": {}, "usage": {"output_tokens": 87}}, "message_delta")
)


def read(name, *pieces, **request):
    reader = PROVIDERS[name].usage_reader(request_to(name, **request))
    for piece in pieces:
        reader.feed(piece)
    return reader.usage()


@pytest.mark.parametrize("answer", STREAMS.values(), ids=STREAMS)
@pytest.mark.parametrize("name", ["openai", "chat", "azure_openai"])
def test_usage_of_chat_wherever_the_answer_is_cut(name, answer):
    for cut in range(0, len(answer), 7):
        usage = read(name, answer[:cut], answer[cut:])
        assert usage.amounts == {Kind.INPUT_TOKENS: 789, Kind.OUTPUT_TOKENS: 48, Kind.TOTAL_TOKENS: 837}
        assert usage.raw["cached_tokens"] == 10
        assert usage.raw["reasoning_tokens"] == 20


@pytest.mark.parametrize("answer", [*STREAMS.values(), MESSAGES])
@given(data=st.data())
def test_cuts_change_nothing(answer, data):
    name = "anthropic" if answer is MESSAGES else "openai"
    cuts = sorted(data.draw(st.lists(st.integers(0, len(answer)), max_size=8)))
    pieces = [answer[start:end] for start, end in zip([0, *cuts], [*cuts, len(answer)], strict=True)]
    assert read(name, *pieces) == read(name, answer)


@pytest.mark.parametrize("last", ["response.completed", "response.incomplete"])
def test_usage_of_responses(last):
    started = event({"type": "response.created", "response": {"id": "r", "usage": None}}, "response.created")
    ended = event({"type": last, "response": {"usage": RESPONSES, "output": []}}, last)
    usage = read("openai", started, ended)
    assert usage.amounts == {Kind.INPUT_TOKENS: 765, Kind.OUTPUT_TOKENS: 48, Kind.TOTAL_TOKENS: 813}


def test_usage_is_there_as_soon_as_its_event_is():
    reader = PROVIDERS["openai"].usage_reader(request_to("openai"))
    reader.feed(event(CHUNK))
    assert reader.usage() is None
    reader.feed(event({"choices": [], "usage": CHAT}))
    assert reader.usage() is not None


def test_usage_of_messages_leaves_cache_reads_out_and_counts_what_was_written():
    usage = read("anthropic", MESSAGES)
    assert usage.amounts == {Kind.INPUT_TOKENS: 420, Kind.OUTPUT_TOKENS: 87, Kind.TOTAL_TOKENS: 507}
    assert usage.raw["cache_read_input_tokens"] == 12_000
    assert usage.raw["ephemeral_5m_input_tokens"] == 400


def test_usage_of_openais_path_at_anthropic():
    answer = event(
        {"choices": [], "usage": {"prompt_tokens": 30, "completion_tokens": 5, "total_tokens": 35}}
    )
    kinds = {Kind.INPUT_TOKENS: 30, Kind.OUTPUT_TOKENS: 5, Kind.TOTAL_TOKENS: 35}
    assert read("anthropic", answer).amounts == kinds


def test_of_haiku_3_5_alone_cache_reads_count():
    usage = read("anthropic", MESSAGES, body={"model": "claude-3-5-haiku-20241022"})
    assert usage.amounts[Kind.INPUT_TOKENS] == 12_420


def test_output_of_messages_grows():
    reader = PROVIDERS["anthropic"].usage_reader(request_to("anthropic"))
    seen = []
    for line in MESSAGES.split(b"\n\n"):
        reader.feed(line + b"\n\n")
        usage = reader.usage()
        seen.append(usage.amounts[Kind.OUTPUT_TOKENS] if usage else None)
    assert [seen[0], seen[3], seen[4]] == [1, 25, 87]


@pytest.mark.parametrize(
    ("name", "report", "amounts"),
    [
        # xAI leaves reasoning out of completion_tokens
        ("grok", {"prompt_tokens": 100, "completion_tokens": 7, "total_tokens": 150}, (100, 50, 150)),
        # Groq counts no cached tokens
        ("groq", CHAT, (779, 48, 827)),
        (
            "deepseek",
            {"prompt_tokens": 30, "completion_tokens": 5, "total_tokens": 35, "prompt_cache_hit_tokens": 20},
            (30, 5, 35),
        ),
        (
            "moonshot",
            {"prompt_tokens": 30, "completion_tokens": 5, "total_tokens": 35, "cached_tokens": 8},
            (30, 5, 35),
        ),
        # embeddings
        ("openai", {"prompt_tokens": 8, "total_tokens": 8}, (8, 0, 8)),
        ("openai", {"input_tokens": 5, "output_tokens": 7}, (5, 7, 12)),
    ],
)
def test_what_counts_by_host(name, report, amounts):
    usage = read(name, json.dumps({"usage": report}).encode())
    kinds = (Kind.INPUT_TOKENS, Kind.OUTPUT_TOKENS, Kind.TOTAL_TOKENS)
    assert tuple(usage.amounts[kind] for kind in kinds) == amounts


@pytest.mark.parametrize("name", ["cerebras", "fireworks"])
def test_uncached_input_is_a_kind_of_its_own(name):
    usage = read(name, json.dumps({"usage": CHAT}).encode())
    assert usage.amounts["uncached_input_tokens"] == 779
    assert request_to(name).charges["uncached_input_tokens"].amount > 0


@pytest.mark.parametrize("where", [{"x_groq": {"id": "r", "usage": CHAT}}, {"choices": [{"usage": CHAT}]}])
def test_where_else_usage_stands(where):
    assert read("groq", event(where)).amounts[Kind.OUTPUT_TOKENS] == 48


@pytest.mark.parametrize(
    ("report", "cost"),
    [
        ({"cost": 0.00123}, 1_230),
        ({"cost": 0}, 0),
        ({"cost": 0.0000001}, 0.1),
        ({"cost": 0.001, "is_byok": True, "cost_details": {"upstream_inference_cost": 0.02}}, 21_000),
        ({"cost": 0.001, "is_byok": False, "cost_details": {"upstream_inference_cost": 0.02}}, 1_000),
        ({"cost": "free"}, None),
        ({"cost": -1}, None),
        ({"cost": True}, None),
        ({}, None),
    ],
)
def test_openrouter_says_what_it_cost(report, cost):
    assert read("openrouter", json.dumps({"usage": {**CHAT, **report}}).encode()).cost == cost


@pytest.mark.parametrize(
    ("ticks", "cost"), [(37_756_000, 3_775.6), (0, 0), (1, 0.0001), ("1", None), (-1, None), (None, None)]
)
@pytest.mark.parametrize("usage", [CHAT, RESPONSES], ids=["chat", "responses"])
def test_xai_says_what_it_cost(ticks, cost, usage):
    assert read("grok", json.dumps({"usage": {**usage, "cost_in_usd_ticks": ticks}}).encode()).cost == cost


@pytest.mark.parametrize("name", ["chat", "openai"])
def test_whole_numbers_may_have_a_decimal_point(name):
    counts = {"prompt_tokens": 789.0, "completion_tokens": 48.0, "total_tokens": 837.0}
    assert read(name, event({"usage": counts})).amounts[Kind.TOTAL_TOKENS] == 837
    assert read(name, event({"usage": {**counts, "prompt_tokens": 0.5}})) is None


def test_nobody_elses_cost_is_believed():
    assert read("chat", json.dumps({"usage": {**CHAT, "cost": 0.1}}).encode()).cost is None


ZERO = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}


@pytest.mark.parametrize(
    "events",
    [
        [ZERO],
        [{"prompt_tokens": -5, "completion_tokens": 1}],
        [{"prompt_tokens": 10**15}],
        [{"prompt_tokens": True}],
        [{"prompt_tokens": "7"}],
        [{"type": "object", "properties": {}}],
        [],
    ],
)
def test_counts_that_cannot_be_are_none(events):
    assert read("openai", *(event({"choices": [], "usage": each}) for each in events)) is None


def test_zeros_take_no_counts_away():
    counted, zero = event({"choices": [], "usage": CHAT}), event({"choices": [], "usage": ZERO})
    for pieces in ([zero, counted, zero], [zero + counted + zero], [counted, zero, zero]):
        assert read("openai", *pieces).amounts[Kind.TOTAL_TOKENS] == 837


def test_zeros_at_the_end_take_no_counts_of_messages_away():
    zeros = {"input_tokens": 0, "output_tokens": 0}
    late = event({"type": "message_delta", "usage": zeros}, "message_delta")
    assert read("anthropic", MESSAGES, late) == read("anthropic", MESSAGES)
    assert read("anthropic", event({"type": "message_start", "message": {"usage": zeros}})) is None


@pytest.mark.parametrize("size", [900_000, 3_000_000])
@pytest.mark.parametrize("piece", [10_000, 4_000_000])
def test_usage_after_an_image_of_megabytes(size, piece):
    document = {"data": [{"b64_json": "A" * size}], "usage": {"input_tokens": 5, "output_tokens": 7}}
    completed = {"type": "response.completed", "response": {"output": ["A" * size], "usage": RESPONSES}}
    for answer, total in ((json.dumps(document).encode(), 12), (event(completed), 813)):
        pieces = [answer[start : start + piece] for start in range(0, len(answer), piece)]
        assert read("openai", *pieces).amounts[Kind.TOTAL_TOKENS] == total
