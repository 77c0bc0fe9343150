"""The objects and stream events of the Responses protocol."""

from __future__ import annotations

import json
from typing import Any

from massgen_plugins.sandbox.coordination import Move, Reply, ToolCall
from massgen_plugins.sandbox.dialect import PlainAnswer, split_text

__all__ = ["failed_event", "output_item", "response_body", "stream_events"]


def output_item(reply: Reply, serial: int) -> dict[str, Any]:
    """``reply`` as an item of a response's output."""
    if isinstance(reply, Move | ToolCall):
        head, separator, name = reply.name.rpartition("__")  # a server's tool is in a namespace
        namespace = {"namespace": head + separator} if separator else {}
        return {
            "type": "function_call",
            "id": f"fc_{serial}",
            "call_id": f"call_{serial}",
            "name": name,
            **namespace,
            "arguments": json.dumps(dict(reply.arguments)),
            "status": "completed",
        }
    part = {"type": "output_text", "text": reply.text, "annotations": []}
    message = {"type": "message", "id": f"msg_{serial}", "role": "assistant", "status": "completed"}
    return {**message, "content": [part]}


def response_body(  # noqa: PLR0913, PLR0917 (the fields that vary, in the order of the object)
    model: str,
    serial: int,
    status: str,
    output: list[dict[str, Any]],
    usage: dict[str, Any] | None = None,
    error: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """A response object."""
    return {
        "id": f"resp_sandbox_{serial}",
        "object": "response",
        "created_at": 0,
        "status": status,
        "model": model,
        "output": output,
        "usage": usage,
        "error": error,
        "incomplete_details": None,
        "instructions": None,
        "metadata": {},
        "parallel_tool_calls": True,
        "temperature": 1.0,
        "tool_choice": "auto",
        "tools": [],
        "top_p": 1.0,
    }


def stream_events(
    model: str, serial: int, item: dict[str, Any], completed: dict[str, Any], chunks: int
) -> list[dict[str, Any]]:
    """All events of a stream: two of preamble, the item piece by piece, and ``response.completed``."""
    begun = response_body(model, serial, "in_progress", [])
    place = {"output_index": 0, "item_id": item["id"]}
    calls = item["type"] == "function_call"
    inside = _call_events(item, place) if calls else _text_events(item, place, chunks)
    empty: dict[str, Any] = {"arguments": ""} if calls else {"content": []}
    return [
        {"type": "response.created", "response": begun},
        {"type": "response.in_progress", "response": begun},
        {
            "type": "response.output_item.added",
            "output_index": 0,
            "item": {**item, **empty, "status": "in_progress"},
        },
        *inside,
        {"type": "response.output_item.done", "output_index": 0, "item": item},
        {"type": "response.completed", "response": completed},
    ]


def failed_event(error: PlainAnswer, model: str) -> dict[str, Any]:
    """``error`` as the event that ends a stream."""
    body = error.body if isinstance(error.body, dict) else {}
    inner = body.get("error")
    said: dict[str, Any] = inner if isinstance(inner, dict) else body
    code = str(said.get("code") or "server_error")
    if error.status == 429 and code in ("429", "RateLimitReached"):
        code = "rate_limit_exceeded"
    details = {"code": code, "message": str(said.get("message") or inner or "")}
    return {"type": "response.failed", "response": response_body(model, 0, "failed", [], error=details)}


def _call_events(item: dict[str, Any], place: dict[str, Any]) -> list[dict[str, Any]]:
    kind, arguments = "response.function_call_arguments", item["arguments"]
    done = {"type": f"{kind}.done", **place, "arguments": arguments, "name": item["name"]}
    return [{"type": f"{kind}.delta", **place, "delta": arguments}, done]


def _text_events(item: dict[str, Any], place: dict[str, Any], chunks: int) -> list[dict[str, Any]]:
    part = item["content"][0]
    at = {**place, "content_index": 0}
    pieces = split_text(part["text"], chunks)
    deltas = [
        {"type": "response.output_text.delta", **at, "delta": piece, "logprobs": []} for piece in pieces
    ]
    return [
        {"type": "response.content_part.added", **at, "part": {**part, "text": ""}},
        *deltas,
        {"type": "response.output_text.done", **at, "text": part["text"], "logprobs": []},
        {"type": "response.content_part.done", **at, "part": part},
    ]
