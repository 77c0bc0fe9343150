"""Anthropic's messages protocol, small: text, or a coordination tool if the request offers one."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, JsonValue, ValidationError

from massgen_plugins.sandbox.bodies import Violation
from massgen_plugins.sandbox.config import Fault, FaultRule, QuotaKind
from massgen_plugins.sandbox.coordination import Conversation, Move, Reply, ToolCall
from massgen_plugins.sandbox.dialect import Answer, Call, MalformedRequestError, PlainAnswer, split_text, sse
from massgen_plugins.sandbox.quotas import NANOSECONDS
from massgen_plugins.sandbox.tokens import count_tokens

__all__ = ["AnthropicDialect"]

Content = str | list[dict[str, JsonValue]]


class _Message(BaseModel):
    role: str
    content: Content


class _Tool(BaseModel):
    model_config = ConfigDict(extra="allow")

    name: str


class _Body(BaseModel):
    model: str
    messages: list[_Message]
    system: Content = ""
    stream: bool = False
    tools: list[_Tool] = []


class AnthropicDialect:
    """See ``Dialect``."""

    def read(self, raw: bytes) -> Call:
        try:
            body = _Body.model_validate_json(raw)
        except ValidationError as error:
            raise MalformedRequestError(str(error)) from None
        blocks = [body.system, *(message.content for message in body.messages)]
        text = "\n".join(_text(content) for content in blocks)
        conversation = Conversation(
            text=text,
            offers=frozenset(tool.name for tool in body.tools),
            tool_results=sum(_results(content) for content in blocks),
        )
        tools = json.dumps([tool.model_dump() for tool in body.tools]) if body.tools else ""
        return Call(body.model, body.stream, count_tokens(text) + count_tokens(tools), conversation)

    def answer(self, call: Call, reply: Reply, serial: int, chunks: int) -> Answer:
        """``reply`` as a message."""
        block, reason = _block(reply, serial)
        output = count_tokens(json.dumps(block, ensure_ascii=False))
        head: dict[str, Any] = {"id": f"msg_sandbox_{serial}", "type": "message", "role": "assistant"}
        head |= {"model": call.model, "stop_sequence": None}
        usage = {"input_tokens": call.input_tokens, "output_tokens": output}
        body = {**head, "content": [block], "stop_reason": reason, "usage": usage}
        start = {**head, "content": [], "stop_reason": None, "usage": {**usage, "output_tokens": 1}}
        data = [
            {"type": "message_start", "message": start},
            *_block_events(block, chunks),
            {
                "type": "message_delta",
                "delta": {"stop_reason": reason, "stop_sequence": None},
                "usage": usage,
            },
            {"type": "message_stop"},
        ]
        return Answer(body, tuple(sse(event, event["type"]) for event in data), output)

    def refusal(self, violations: Sequence[Violation], model: str) -> PlainAnswer:  # noqa: ARG002
        wait = max(NANOSECONDS if v.wait is None else v.wait for v in violations)
        first = violations[0]
        kind = "input tokens" if first.kind is QuotaKind.INPUT_TOKENS else "requests"
        return _too_many(f"{first.limit} {kind} per {'day' if first.daily else 'minute'}", wait)

    def fault(self, rule: FaultRule, model: str) -> PlainAnswer:  # noqa: ARG002
        if rule.fault.is_refusal:
            return _too_many(f"{rule.quota_value or 10} requests per minute", int(rule.seconds * NANOSECONDS))
        if rule.fault is Fault.OVERLOADED:
            return _error(529, "overloaded_error", "Overloaded")
        return _error(500, "api_error", "Internal server error")

    def malformed(self, message: str, status: int = 400) -> PlainAnswer:
        kind = "authentication_error" if status == 401 else "invalid_request_error"
        return _error(status, kind, message)

    def error_event(self, error: PlainAnswer) -> bytes:
        return sse(error.body, "error")


def _text(content: Content) -> str:
    if isinstance(content, str):
        return content
    return "\n".join(str(block.get("text") or json.dumps(block, ensure_ascii=False)) for block in content)


def _results(content: Content) -> int:
    return 0 if isinstance(content, str) else sum(block.get("type") == "tool_result" for block in content)


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


def _too_many(limit: str, wait: int) -> PlainAnswer:
    message = f"This request would exceed your organization's rate limit of {limit}."
    error = _error(429, "rate_limit_error", message)
    return PlainAnswer(429, error.body, {"retry-after": str(-(-wait // NANOSECONDS))})


def _error(status: int, kind: str, message: str) -> PlainAnswer:
    error = {"type": kind, "message": message}
    return PlainAnswer(status, {"type": "error", "error": error, "request_id": "req_sandbox"})
