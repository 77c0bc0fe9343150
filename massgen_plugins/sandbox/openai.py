"""OpenAI's chat completions protocol, small: text, or a coordination tool if the request offers one."""

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

__all__ = ["OpenAIDialect"]

_DONE = b"data: [DONE]\r\n\r\n"


class _Message(BaseModel):
    role: str
    content: str | list[dict[str, JsonValue]] | None = None
    tool_calls: list[JsonValue] | None = None

    def text(self) -> str:
        """The content's text, and earlier tool calls as JSON."""
        parts = [{"text": self.content}] if isinstance(self.content, str) else self.content or []
        calls = [json.dumps(call, ensure_ascii=False) for call in self.tool_calls or ()]
        return "\n".join([*(str(part.get("text", "")) for part in parts), *calls])


class _Function(BaseModel):
    model_config = ConfigDict(extra="allow")

    name: str


class _Tool(BaseModel):
    function: _Function


class _StreamOptions(BaseModel):
    include_usage: bool = False


class _Body(BaseModel):
    model: str
    messages: list[_Message]
    stream: bool | None = None
    stream_options: _StreamOptions | None = None
    tools: list[_Tool] | None = None


class OpenAIDialect:
    """See ``Dialect``."""

    def read(self, raw: bytes) -> Call:
        try:
            body = _Body.model_validate_json(raw)
        except ValidationError as error:
            raise MalformedRequestError(str(error)) from None
        text = "\n".join(message.text() for message in body.messages)
        conversation = Conversation(
            text=text,
            offers=frozenset(tool.function.name for tool in body.tools or ()),
            tool_results=sum(message.role == "tool" for message in body.messages),
        )
        tools = json.dumps([tool.model_dump() for tool in body.tools]) if body.tools else ""
        with_usage = body.stream_options is not None and body.stream_options.include_usage
        tokens = count_tokens(text) + count_tokens(tools)
        return Call(body.model, bool(body.stream), tokens, conversation, with_usage)

    def answer(self, call: Call, reply: Reply, serial: int, chunks: int) -> Answer:
        """``reply`` as a chat completion."""
        head = {"id": f"chatcmpl-sandbox-{serial}", "created": 0, "model": call.model}
        message, reason = _message(reply, serial)
        output = count_tokens(json.dumps(message, ensure_ascii=False))
        usage = {
            "prompt_tokens": call.input_tokens,
            "completion_tokens": output,
            "total_tokens": call.input_tokens + output,
        }
        choice = {"index": 0, "message": message, "finish_reason": reason}
        body = {**head, "object": "chat.completion", "choices": [choice], "usage": usage}
        head["object"] = "chat.completion.chunk"
        events = [sse({**head, "choices": [choice]}) for choice in _deltas(message, reason, chunks)]
        if call.with_usage:
            events.append(sse({**head, "choices": [], "usage": usage}))
        return Answer(body, (*events, _DONE), output)

    def refusal(self, violations: Sequence[Violation], model: str) -> PlainAnswer:
        wait = max(NANOSECONDS if v.wait is None else v.wait for v in violations)
        first = violations[0]
        kind, unit = ("tokens", "TPM") if first.kind is QuotaKind.INPUT_TOKENS else ("requests", "RPM")
        unit = unit.replace("M", "D") if first.daily and kind == "requests" else unit
        return _too_many(model, kind, unit, first.limit or 0, wait)

    def fault(self, rule: FaultRule, model: str) -> PlainAnswer:
        if rule.fault.is_refusal:
            return _too_many(
                model, "requests", "RPM", rule.quota_value or 10, int(rule.seconds * NANOSECONDS)
            )
        if rule.fault is Fault.OVERLOADED:
            return _error(
                503, "The server is overloaded.", "service_unavailable_error", "server_is_overloaded"
            )
        return _error(500, "The server had an error.", "server_error", None)

    def malformed(self, message: str, status: int = 400) -> PlainAnswer:
        return _error(status, message, "invalid_request_error", None)

    def error_event(self, error: PlainAnswer) -> bytes:
        return sse(error.body)


def _message(reply: Reply, serial: int) -> tuple[dict[str, Any], str]:
    if isinstance(reply, Move | ToolCall):
        function = {"name": reply.name, "arguments": json.dumps(reply.arguments)}
        call = {"id": f"call_{serial}", "type": "function", "function": function}
        return {"role": "assistant", "content": None, "tool_calls": [call]}, "tool_calls"
    return {"role": "assistant", "content": reply.text}, "stop"


def _deltas(message: dict[str, Any], reason: str, chunks: int) -> list[dict[str, Any]]:
    deltas: list[dict[str, Any]] = [{"role": "assistant", "content": ""}]
    if "tool_calls" in message:
        deltas += [
            {"tool_calls": [{"index": index, **call}]} for index, call in enumerate(message["tool_calls"])
        ]
    else:
        deltas += [{"content": piece} for piece in split_text(message["content"], chunks)]
    choices = [{"index": 0, "delta": delta, "finish_reason": None} for delta in deltas]
    return [*choices, {"index": 0, "delta": {}, "finish_reason": reason}]


def _too_many(model: str, kind: str, unit: str, limit: int, wait: int) -> PlainAnswer:
    milliseconds = -(-wait // 1_000_000)
    message = (
        f"Rate limit reached for {model} in organization org-sandbox on {kind} per {_UNITS[unit]} ({unit}): "
        f"Limit {limit}. Please try again in {milliseconds}ms."
    )
    headers = {
        "retry-after": str(-(-milliseconds // 1000)),
        "retry-after-ms": str(milliseconds),
        f"x-ratelimit-limit-{kind}": str(limit),
        f"x-ratelimit-remaining-{kind}": "0",
        f"x-ratelimit-reset-{kind}": f"{milliseconds}ms",
    }
    error = _error(429, message, kind, "rate_limit_exceeded")
    return PlainAnswer(429, error.body, headers)


_UNITS = {"RPM": "min", "TPM": "min", "RPD": "day"}


def _error(status: int, message: str, kind: str, code: str | None) -> PlainAnswer:
    return PlainAnswer(status, {"error": {"message": message, "type": kind, "param": None, "code": code}})
