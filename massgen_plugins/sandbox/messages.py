"""Anthropic's messages protocol: text, or a coordination tool if the request offers one."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from massgen_plugins.sandbox.config import FaultRule, Host
from massgen_plugins.sandbox.contents import Content, Input, blobs_of, text_of, turn_results
from massgen_plugins.sandbox.coordination import Move, Reply, ToolCall
from massgen_plugins.sandbox.dialect import (
    Answer,
    Call,
    MalformedRequestError,
    PlainAnswer,
    Terms,
    split_text,
    sse,
)
from massgen_plugins.sandbox.messages_errors import messages_error, messages_fault, messages_refusal
from massgen_plugins.sandbox.prices import Usage
from massgen_plugins.sandbox.rulings import Violation
from massgen_plugins.sandbox.tokens import count_tokens

__all__ = ["MessagesDialect"]


class _Message(BaseModel):
    role: str
    content: Content = None


class _Tool(BaseModel):
    model_config = ConfigDict(extra="allow")

    name: str = ""


class _Body(BaseModel):
    model: str
    messages: list[_Message]
    system: Content = ""
    stream: bool | None = False
    tools: list[_Tool] | None = None
    max_tokens: int | None = None


class MessagesDialect:
    """See ``Dialect``."""

    host = Host.ANTHROPIC

    def read(self, raw: bytes) -> Call:
        try:
            body = _Body.model_validate_json(raw)
        except ValidationError as error:
            raise MalformedRequestError(str(error)) from None
        contents = [body.system, *(message.content for message in body.messages)]
        tools = body.tools or []
        blobs = sum(blobs_of(content) for content in contents)
        return Input(map(text_of, contents), blobs, [tool.model_dump() for tool in tools]).call(
            body.model,
            streamed=bool(body.stream),
            offers=(tool.name for tool in tools),
            tool_results=sum(_results(content) for content in contents),
            output_bound=body.max_tokens,
            after_tool=_results(body.messages[-1].content) > 0 if body.messages else False,
            turn_results=turn_results(
                _results(message.content) or None for message in body.messages if message.role == "user"
            ),
        )

    def answer(self, call: Call, reply: Reply, terms: Terms) -> Answer:
        """``reply`` as a message."""
        block, reason = _block(reply, terms.serial)
        whole = terms.whole(count_tokens(json.dumps(block, ensure_ascii=False)))
        head: dict[str, Any] = {"id": f"msg_sandbox_{terms.serial}", "type": "message", "role": "assistant"}
        head |= {"model": call.model, "stop_sequence": None}
        usage = _usage(whole)
        body = {**head, "content": [block], "stop_reason": reason, "usage": usage}
        start = {**head, "content": [], "stop_reason": None, "usage": {**usage, "output_tokens": 1}}
        delta = {"stop_reason": reason, "stop_sequence": None}
        data: list[dict[str, Any]] = [
            {"type": "message_start", "message": start},
            {"type": "ping"},
            *_block_events(block, terms.chunks),
            {"type": "message_delta", "delta": delta, "usage": {"output_tokens": whole.output}},
            {"type": "message_stop"},
        ]
        events = tuple(sse(event, event["type"]) for event in data)
        return Answer(body, events, whole.output, preamble=2, closing=2)

    def refusal(self, violations: Sequence[Violation], model: str, unix: int) -> PlainAnswer:
        return messages_refusal(violations, model)

    def fault(self, rule: FaultRule, model: str, unix: int) -> PlainAnswer:
        return messages_fault(rule, model)

    def malformed(self, message: str, status: int = 400) -> PlainAnswer:
        kind = "authentication_error" if status == 401 else "invalid_request_error"
        return messages_error(status, kind, message)

    def error_event(self, error: PlainAnswer, model: str) -> bytes:
        return sse(error.body, "error")


def _usage(usage: Usage) -> dict[str, Any]:
    """Anthropic's input excludes cache reads and writes."""
    return {
        "input_tokens": usage.fresh,
        "cache_creation_input_tokens": usage.written,
        "cache_read_input_tokens": usage.cached,
        "cache_creation": {"ephemeral_5m_input_tokens": usage.written, "ephemeral_1h_input_tokens": 0},
        "output_tokens": usage.output,
        "service_tier": "standard",
    }


def _results(content: Content) -> int:
    if content is None or isinstance(content, str):
        return 0
    return sum(block.get("type") == "tool_result" for block in content)


def _block(reply: Reply, serial: int) -> tuple[dict[str, Any], str]:
    if isinstance(reply, Move | ToolCall):
        use = {
            "type": "tool_use",
            "id": f"toolu_{serial}",
            "name": reply.name,
            "input": dict(reply.arguments),
        }
        return use, "tool_use"
    return {"type": "text", "text": reply.text}, "end_turn"


def _block_events(block: dict[str, Any], chunks: int) -> list[dict[str, Any]]:
    if block["type"] == "tool_use":
        empty: dict[str, Any] = {**block, "input": {}}
        deltas = [{"type": "input_json_delta", "partial_json": json.dumps(block["input"])}]
    else:
        empty = {**block, "text": ""}
        deltas = [{"type": "text_delta", "text": piece} for piece in split_text(block["text"], chunks)]
    return [
        {"type": "content_block_start", "index": 0, "content_block": empty},
        *({"type": "content_block_delta", "index": 0, "delta": delta} for delta in deltas),
        {"type": "content_block_stop", "index": 0},
    ]
