"""Chat completions in the dialects of their hosts: text, or a coordination tool if one is offered."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, JsonValue, ValidationError

from massgen_plugins.sandbox.chat_errors import chat_error, chat_refusal
from massgen_plugins.sandbox.chat_faults import chat_fault
from massgen_plugins.sandbox.chat_usage import usage_of
from massgen_plugins.sandbox.config import FaultRule, Host, Tier
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
from massgen_plugins.sandbox.rulings import Violation
from massgen_plugins.sandbox.tokens import count_tokens

__all__ = ["ChatDialect"]

_DONE = b"data: [DONE]\r\n\r\n"
_COMMENTS = {
    Host.OPENROUTER: b": OPENROUTER PROCESSING\r\n\r\n",
    Host.DEEPSEEK: b": keep-alive\r\n\r\n",
}
_ALWAYS_TELL_USAGE = {Host.DEEPSEEK, Host.GROQ, Host.MISTRAL, Host.OPENROUTER}


class _Message(BaseModel):
    role: str
    content: Content = None
    tool_calls: list[JsonValue] | None = None

    def text(self) -> str:
        """The content's text, and earlier tool calls as JSON."""
        calls = [json.dumps(call, ensure_ascii=False) for call in self.tool_calls or ()]
        return "\n".join([text_of(self.content), *calls])


class _Function(BaseModel):
    model_config = ConfigDict(extra="allow")

    name: str


class _Tool(BaseModel):
    function: _Function | None = None


class _StreamOptions(BaseModel):
    include_usage: bool = False


class _Body(BaseModel):
    model: str
    messages: list[_Message]
    stream: bool | None = None
    stream_options: _StreamOptions | None = None
    tools: list[_Tool] | None = None
    max_tokens: int | None = None
    max_completion_tokens: int | None = None


class ChatDialect:
    """See ``Dialect``. ``deployment``: Azure's, if in the URL; it replaces the model in the body."""

    def __init__(self, host: Host = Host.OPENAI, deployment: str = "", tier: Tier = Tier.FREE) -> None:
        self.host = host
        self._deployment = deployment
        self._tier = tier

    def read(self, raw: bytes) -> Call:
        try:
            body = _Body.model_validate_json(raw)
        except ValidationError as error:
            raise MalformedRequestError(str(error)) from None
        functions = [tool.function for tool in body.tools or () if tool.function is not None]
        tools = [{"function": function.model_dump()} for function in functions]
        blobs = sum(blobs_of(message.content) for message in body.messages)
        bound = body.max_completion_tokens if body.max_tokens is None else body.max_tokens
        asked = body.stream_options is not None and body.stream_options.include_usage
        return Input((message.text() for message in body.messages), blobs, tools).call(
            self._deployment or body.model,
            streamed=bool(body.stream),
            offers=(function.name for function in functions),
            tool_results=sum(message.role == "tool" for message in body.messages),
            output_bound=bound,
            turn_results=turn_results(
                None if message.role == "user" else int(message.role == "tool") for message in body.messages
            ),
            with_usage=asked or self.host in _ALWAYS_TELL_USAGE,
        )

    def answer(self, call: Call, reply: Reply, terms: Terms) -> Answer:
        """``reply`` as a chat completion."""
        head = {"id": f"chatcmpl-sandbox-{terms.serial}", "created": 0, "model": call.model}
        message, reason = _message(reply, terms.serial)
        whole = terms.whole(count_tokens(json.dumps(message, ensure_ascii=False)))
        usage = usage_of(self.host, whole, terms.price)
        choice = {"index": 0, "message": message, "finish_reason": reason}
        body = {**head, "object": "chat.completion", "choices": [choice], "usage": usage}
        head["object"] = "chat.completion.chunk"
        opening = self._opening(head)
        chunks = [{**head, "choices": [each]} for each in _deltas(message, reason, terms.chunks)]
        if self.host is Host.GROQ:
            chunks[-1]["x_groq"] = {"id": f"req_{terms.serial}", "usage": usage}
        closing = [_DONE]
        if call.with_usage:
            closing.insert(0, sse({**head, "choices": [], "usage": usage}))
        events = (*opening, *(sse(chunk) for chunk in chunks), *closing)
        return Answer(body, events, whole.output, preamble=len(opening) + 1, closing=len(closing))

    def refusal(self, violations: Sequence[Violation], model: str, unix: int) -> PlainAnswer:
        return chat_refusal(self.host, violations, model, unix, self._tier)

    def fault(self, rule: FaultRule, model: str, unix: int) -> PlainAnswer:
        return chat_fault(self.host, rule, model, unix)

    def malformed(self, message: str, status: int = 400) -> PlainAnswer:
        return chat_error(status, message, "invalid_request_error", None)

    def error_event(self, error: PlainAnswer, model: str) -> bytes:
        return sse(error.body)

    def _opening(self, head: dict[str, Any]) -> tuple[bytes, ...]:
        """Events that a host sends before the first chunk."""
        if self.host is Host.AZURE:
            return (sse({**head, "choices": [], "prompt_filter_results": [{"prompt_index": 0}]}),)
        return (_COMMENTS[self.host],) if self.host in _COMMENTS else ()


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
