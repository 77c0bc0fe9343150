"""Events of a stream after which a refusal may still come, and those that are part of an answer."""

from __future__ import annotations

import pytest

from tests.providers.every import PROVIDERS, event


def chunk(delta=None, **more):
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": None}]
    return event({"object": "chat.completion.chunk", "choices": choices, **more})


@pytest.mark.parametrize(
    ("name", "data"),
    [
        (
            "openai",
            event(
                {"type": "response.created", "response": {"instructions": "x" * 9_000}}, "response.created"
            ),
        ),
        ("openai", event({"type": "response.queued"}, "response.queued")),
        ("grok", event({"type": "response.in_progress"})),
        ("azure_openai", chunk(prompt_filter_results=[{"prompt_index": 0}])),
        ("azure_openai", chunk({"role": "assistant", "content": ""})),
        ("groq", chunk({"role": "assistant", "content": None})),
        ("openrouter", chunk({"role": "assistant", "content": ""}, usage=None)),
        ("anthropic", event({"type": "message_start", "message": {}}, "message_start")),
        ("anthropic", event({"type": "ping"}, "ping")),
        ("anthropic", b'event: ping\ndata: {"type":"ping"}\n\n'),
    ],
)
def test_nothing_of_an_answer_yet(name, data):
    assert PROVIDERS[name].is_preamble(data)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("openai", event({"type": "response.output_item.added", "item": {}})),
        ("openai", event({"type": "response.output_text.delta", "delta": '"type":"response.created"'})),
        ("openai", event({"type": "response.completed", "response": {}})),
        ("openai", event({"type": "response.failed", "response": {"error": {"code": "x"}}})),
        ("openai", event({"type": "error", "code": "rate_limit_exceeded"})),
        ("openai", b"data: [DONE]\n\n"),
        ("openai", b""),
        ("groq", chunk({"content": "Four"})),
        ("groq", chunk({"reasoning": "Hm"})),
        ("groq", chunk({"tool_calls": [{"index": 0}]})),
        ("groq", event({"choices": [{"delta": {}, "finish_reason": "stop"}]})),
        ("groq", chunk(usage={"prompt_tokens": 1})),
        ("groq", chunk(error={"message": "no"})),
        ("anthropic", event({"type": "content_block_start"})),
        ("anthropic", event({"type": "error", "error": {"type": "overloaded_error"}}, "error")),
    ],
)
def test_an_answer_or_its_end(name, data):
    assert not PROVIDERS[name].is_preamble(data)
