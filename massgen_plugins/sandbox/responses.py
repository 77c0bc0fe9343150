"""OpenAI's Responses protocol: text, or a coordination tool if the request offers one."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, JsonValue, ValidationError

from massgen_plugins.sandbox.chat_errors import chat_error, chat_refusal
from massgen_plugins.sandbox.chat_faults import chat_fault
from massgen_plugins.sandbox.config import FaultRule, Host
from massgen_plugins.sandbox.contents import Content, Input, blobs_of, text_of, turn_results
from massgen_plugins.sandbox.coordination import Reply
from massgen_plugins.sandbox.dialect import Answer, Call, MalformedRequestError, PlainAnswer, Terms, sse
from massgen_plugins.sandbox.responses_events import failed_event, output_item, response_body, stream_events
from massgen_plugins.sandbox.rulings import Violation
from massgen_plugins.sandbox.tokens import count_tokens

__all__ = ["ResponsesDialect"]


class _Item(BaseModel):
    model_config = ConfigDict(extra="allow")

    type: str = "message"
    role: str = ""
    content: Content = None

    def text(self) -> str:
        """A message's text; any other item as JSON."""
        if self.type == "message":
            return text_of(self.content)
        return json.dumps(self.model_dump(exclude={"content", "role"}), ensure_ascii=False)

    def results(self) -> int | None:
        """Number of tool results in the item; None for a user message."""
        if self.type == "message":
            return None if self.role == "user" else 0
        return int(self.type == "function_call_output")


class _Tool(BaseModel):
    model_config = ConfigDict(extra="allow")

    type: str
    name: str = ""
    tools: tuple[_Tool, ...] = ()

    def offers(self) -> list[str]:
        """Names of the offered functions; those in a namespace are prefixed with its name."""
        if self.type == "namespace":
            return [f"{self.name}{name}" for tool in self.tools for name in tool.offers()]
        return [self.name] if self.type == "function" else []


class _Body(BaseModel):
    model: str
    input: str | list[_Item]
    instructions: str | None = None
    stream: bool | None = None
    tools: list[_Tool] | None = None
    max_output_tokens: int | None = None
    previous_response_id: JsonValue = None


class ResponsesDialect:
    """See ``Dialect``."""

    def __init__(self, host: Host = Host.OPENAI, deployment: str = "") -> None:
        self.host = host
        self._deployment = deployment

    def read(self, raw: bytes) -> Call:
        try:
            body = _Body.model_validate_json(raw)
        except ValidationError as error:
            raise MalformedRequestError(str(error)) from None
        items = [_Item(content=body.input)] if isinstance(body.input, str) else body.input
        texts = [body.instructions or "", *(item.text() for item in items)]
        tools = [tool.model_dump() for tool in body.tools or ()]
        return Input(texts, sum(blobs_of(item.content) for item in items), tools).call(
            self._deployment or body.model,
            streamed=bool(body.stream),
            offers=(name for tool in body.tools or () for name in tool.offers()),
            tool_results=sum(item.type == "function_call_output" for item in items),
            output_bound=body.max_output_tokens,
            after_tool=bool(items) and items[-1].type == "function_call_output",
            turn_results=turn_results(item.results() for item in items),
        )

    def answer(self, call: Call, reply: Reply, terms: Terms) -> Answer:
        """``reply`` as a response."""
        item = output_item(reply, terms.serial)
        whole = terms.whole(count_tokens(json.dumps(item, ensure_ascii=False)))
        usage = {
            "input_tokens": whole.input,
            "input_tokens_details": {"cached_tokens": whole.cached},
            "output_tokens": whole.output,
            "output_tokens_details": {"reasoning_tokens": whole.reasoning},
            "total_tokens": whole.input + whole.output,
        }
        body = response_body(call.model, terms.serial, "completed", [item], usage)
        events = stream_events(call.model, terms.serial, item, body, terms.chunks)
        return Answer(body, tuple(_numbered(events)), whole.output, preamble=2, closing=1)

    def refusal(self, violations: Sequence[Violation], model: str, unix: int) -> PlainAnswer:
        return chat_refusal(self.host, violations, model, unix)

    def fault(self, rule: FaultRule, model: str, unix: int) -> PlainAnswer:
        return chat_fault(self.host, rule, model, unix)

    def malformed(self, message: str, status: int = 400) -> PlainAnswer:
        return chat_error(status, message, "invalid_request_error", None)

    def error_event(self, error: PlainAnswer, model: str) -> bytes:
        if isinstance(error.body, dict) and error.body.get("type") == "error":
            return sse({**error.body, "sequence_number": 2}, "error")
        return sse({**failed_event(error, model), "sequence_number": 2}, "response.failed")


def _numbered(events: list[dict[str, Any]]) -> list[bytes]:
    numbered = ({**event, "sequence_number": number} for number, event in enumerate(events))
    return [sse(event, event["type"]) for event in numbered]
