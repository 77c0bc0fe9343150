"""The embeddings method of the chat family: only requests and input count; no output, no stream."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel, ValidationError

from massgen_plugins.sandbox.chat_errors import chat_error, chat_refusal
from massgen_plugins.sandbox.chat_faults import chat_fault
from massgen_plugins.sandbox.config import FaultRule, Host
from massgen_plugins.sandbox.contents import Input
from massgen_plugins.sandbox.coordination import Reply
from massgen_plugins.sandbox.dialect import Answer, Call, MalformedRequestError, PlainAnswer, Terms, sse
from massgen_plugins.sandbox.rulings import Violation

__all__ = ["EmbeddingsDialect"]


class _Body(BaseModel):
    model: str
    input: str | list[str]


class EmbeddingsDialect:
    """See ``Dialect``."""

    def __init__(self, host: Host = Host.OPENAI, deployment: str = "") -> None:
        self.host = host
        self._deployment = deployment

    def read(self, raw: bytes) -> Call:
        try:
            body = _Body.model_validate_json(raw)
        except ValidationError as error:
            raise MalformedRequestError(str(error)) from None
        texts = [body.input] if isinstance(body.input, str) else body.input
        model = self._deployment or body.model
        return Input(texts, 0, []).call(model, streamed=False, offers=(), tool_results=0, output_bound=0)

    def answer(self, call: Call, reply: Reply, terms: Terms) -> Answer:
        """Always a single vector of two numbers."""
        usage = {"prompt_tokens": terms.usage.input, "total_tokens": terms.usage.input}
        data = [{"object": "embedding", "index": 0, "embedding": [0.6, 0.8]}]
        return Answer({"object": "list", "data": data, "model": call.model, "usage": usage}, (), 0)

    def refusal(self, violations: Sequence[Violation], model: str, unix: int) -> PlainAnswer:
        return chat_refusal(self.host, violations, model, unix)

    def fault(self, rule: FaultRule, model: str, unix: int) -> PlainAnswer:
        return chat_fault(self.host, rule, model, unix)

    def malformed(self, message: str, status: int = 400) -> PlainAnswer:
        return chat_error(status, message, "invalid_request_error", None)

    def error_event(self, error: PlainAnswer, model: str) -> bytes:
        return sse(error.body)
