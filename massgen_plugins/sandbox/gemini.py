"""Gemini's generateContent protocol, as far as MassGen and google-genai use it."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError
from pydantic.alias_generators import to_camel

from massgen_plugins.sandbox.bodies import api_error
from massgen_plugins.sandbox.chat_errors import gemini_words
from massgen_plugins.sandbox.config import FaultRule, Host, Tier
from massgen_plugins.sandbox.contents import turn_results
from massgen_plugins.sandbox.coordination import MOVES, Conversation, Move, Reply, Text, ToolCall, Unfinished
from massgen_plugins.sandbox.dialect import (
    Answer,
    Call,
    MalformedRequestError,
    PlainAnswer,
    Terms,
    split_text,
    sse,
)
from massgen_plugins.sandbox.gemini_faults import fault_body
from massgen_plugins.sandbox.prices import Usage
from massgen_plugins.sandbox.rulings import Violation
from massgen_plugins.sandbox.tokens import BLOB_TOKENS, count_tokens

__all__ = ["GeminiDialect"]

_DECISION = "structured JSON decision at the end of your response"
_OFFERED = re.compile(r'"action_type": "(\w+)"')
_DATA_KEY = {"new_answer": "answer_data"}
_STATUS = {400: "INVALID_ARGUMENT", 403: "PERMISSION_DENIED", 404: "NOT_FOUND"}


class _Message(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="ignore")


class _Part(_Message):
    text: str | None = None
    function_call: dict[str, JsonValue] | None = None
    function_response: dict[str, JsonValue] | None = None
    inline_data: dict[str, JsonValue] | None = None
    file_data: dict[str, JsonValue] | None = None


class _Content(_Message):
    role: str = "user"
    parts: list[_Part] = []

    def results(self) -> int:
        return sum(part.function_response is not None for part in self.parts)


class _GenerationConfig(_Message):
    response_schema: JsonValue = None
    response_json_schema: JsonValue = None
    max_output_tokens: int | None = None


class _Body(_Message):
    contents: list[_Content]
    system_instruction: _Content = _Content()
    tools: list[dict[str, JsonValue]] = []
    generation_config: _GenerationConfig = _GenerationConfig()
    continuation_token: str | None = None

    def parts(self) -> list[_Part]:
        return [part for content in (self.system_instruction, *self.contents) for part in content.parts]


class _CountBody(_Message):
    contents: list[_Content] = []
    generate_content_request: _Body | None = Field(default=None)


_Shape = TypeVar("_Shape", bound=_Message)


class GeminiDialect:
    """See ``Dialect``. ``model`` and ``streamed`` come from the URL; ``tier`` selects quota names."""

    host = Host.GEMINI

    def __init__(self, tier: Tier, model: str, *, streamed: bool) -> None:
        self._tier = tier
        self._model = model
        self._streamed = streamed

    def read(self, raw: bytes) -> Call:
        body = _parse(_Body, raw)
        if not body.contents:
            raise MalformedRequestError("* GenerateContentRequest.contents: contents is not specified")
        parts = body.parts()
        text = "\n".join(part.text for part in parts if part.text)
        asked = _OFFERED.findall(text.rpartition(_DECISION)[2]) if _DECISION in text else ()
        conversation = Conversation(
            text=text,
            offers=frozenset(asked or _declared(body.tools)),
            tool_results=sum(part.function_response is not None for part in parts),
            resumed=body.continuation_token is not None,
            after_tool=body.contents[-1].results() > 0,
            turn_results=turn_results(
                each.results() or None for each in body.contents if each.role != "model"
            ),
        )
        bound = body.generation_config.max_output_tokens
        return Call(
            self._model,
            self._streamed,
            _count(body),
            conversation,
            output_bound=bound,
            characters=len(text),
        )

    def count(self, raw: bytes) -> PlainAnswer:
        """The answer to a countTokens request."""
        try:
            body = _parse(_CountBody, raw)
        except MalformedRequestError as problem:
            return self.malformed(str(problem))
        request = body.generate_content_request or _Body(contents=body.contents)
        return PlainAnswer(200, {"totalTokens": _count(request)})

    def answer(self, call: Call, reply: Reply, terms: Terms) -> Answer:
        responses = _responses(call, reply, terms)
        [body] = _responses(call, reply, replace(terms, chunks=1))
        progress = tuple(_output(response) for response in responses)
        events = tuple(sse(response) for response in responses)
        return Answer(body, events, _output(body), closing=0, progress=progress)

    def refusal(self, violations: Sequence[Violation], model: str, unix: int) -> PlainAnswer:
        return PlainAnswer(429, gemini_words(violations, model, self._tier))

    def fault(self, rule: FaultRule, model: str, unix: int) -> PlainAnswer:
        return fault_body(rule, model)

    def malformed(self, message: str, status: int = 400) -> PlainAnswer:
        status = 403 if status == 401 else status
        return PlainAnswer(status, api_error(status, _STATUS[status], message))

    def error_event(self, error: PlainAnswer, model: str) -> bytes:
        return sse(error.body[0] if isinstance(error.body, list) else error.body)


def _parse(shape: type[_Shape], raw: bytes) -> _Shape:
    try:
        return shape.model_validate_json(raw)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(step) for step in first["loc"]) or "the body"
        raise MalformedRequestError(f"Invalid value at '{where}': {first['msg']}") from None


def _declared(tools: list[dict[str, Any]]) -> list[str]:
    """Names of the offered functions; moves only count as tools of a MassGen MCP server."""
    declared = [each for tool in tools for each in tool.get("functionDeclarations") or ()]
    return [name for each in declared if (name := str(each.get("name"))) not in MOVES]


def _count(body: _Body) -> int:
    """Count text, function calls and results, tools and the response schema as text; a blob as one tile."""
    total = 0
    for part in body.parts():
        total += count_tokens(part.text or "")
        total += sum(_json_tokens(data) for data in (part.function_call, part.function_response) if data)
        total += BLOB_TOKENS * sum(blob is not None for blob in (part.inline_data, part.file_data))
    config = body.generation_config
    extras = (body.tools, config.response_schema, config.response_json_schema)
    return total + sum(_json_tokens(extra) for extra in extras if extra)


def _json_tokens(value: object) -> int:
    return count_tokens(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def _responses(call: Call, reply: Reply, terms: Terms) -> list[dict[str, Any]]:
    """The stream's responses: each with usage and the output so far, the last one with a finish reason."""
    parts = _parts(reply, terms.chunks)
    said, responses = "", []
    for index, part in enumerate(parts):
        said += part["text"] if "text" in part else json.dumps(part)
        candidate: dict[str, Any] = {"content": {"parts": [part], "role": "model"}, "index": 0}
        if index == len(parts) - 1:
            candidate |= _ending(reply, terms.serial)
        responses.append(_response(call, candidate, terms.serial, terms.whole(count_tokens(said))))
    return responses


def _parts(reply: Reply, chunks: int) -> list[dict[str, Any]]:
    match reply:
        case ToolCall(name, arguments):
            return [{"functionCall": {"name": name, "args": dict(arguments)}}]
        case Move(name, arguments):
            data = {"action": name, **arguments}
            text = json.dumps({"action_type": name, _DATA_KEY.get(name, f"{name}_data"): data})
        case Text(text) | Unfinished(text):
            pass
    return [{"text": piece} for piece in split_text(text, chunks)]


def _output(response: dict[str, Any]) -> int:
    usage = response["usageMetadata"]
    return int(usage["candidatesTokenCount"] + usage.get("thoughtsTokenCount", 0))


def _ending(reply: Reply, serial: int) -> dict[str, Any]:
    if isinstance(reply, Unfinished):
        token = base64.b64encode(f"continue-{serial}".encode()).decode()
        return {"finishReason": "CONTINUATION", "continuationToken": token}
    return {"finishReason": "STOP"}


def _response(call: Call, candidate: dict[str, Any], serial: int, usage: Usage) -> dict[str, Any]:
    """Thoughts are separate from the candidates' tokens; cached tokens are part of the prompt's."""
    metadata = {
        "promptTokenCount": usage.input,
        "candidatesTokenCount": usage.output - usage.reasoning,
        "totalTokenCount": usage.input + usage.output,
    }
    if usage.reasoning:
        metadata["thoughtsTokenCount"] = usage.reasoning
    if usage.cached:
        metadata["cachedContentTokenCount"] = usage.cached
    model = {"modelVersion": call.model, "responseId": f"sandbox-{serial}"}
    return {"candidates": [candidate], "usageMetadata": metadata, **model}
