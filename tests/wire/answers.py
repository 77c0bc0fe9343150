"""What a provider answers, well or badly, to the requests of three SDKs."""

from __future__ import annotations

import asyncio
import gzip
import json
from typing import Any

from aiohttp import web


def gemini_body(text="hello"):
    return {
        "candidates": [{"content": {"parts": [{"text": text}], "role": "model"}, "finishReason": "STOP"}],
        "usageMetadata": {"promptTokenCount": 7, "candidatesTokenCount": 1, "totalTokenCount": 8},
    }


def openai_body(text="hello", kind="chat.completion"):
    message = {"role": "assistant", "content": text}
    choice = {"index": 0, "finish_reason": "stop", "message": message}
    if kind == "chat.completion.chunk":
        choice = {"index": 0, "finish_reason": None, "delta": message}
    usage = {"prompt_tokens": 7, "completion_tokens": 1, "total_tokens": 8}
    return {"id": "x", "object": kind, "created": 1, "model": "m", "choices": [choice], "usage": usage}


def anthropic_body(text="hello"):
    return {
        "id": "x",
        "type": "message",
        "role": "assistant",
        "model": "m",
        "content": [{"type": "text", "text": text}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 7, "output_tokens": 1},
    }


def anthropic_events():
    start = {**anthropic_body(), "content": [], "stop_reason": None}
    yield {"type": "message_start", "message": start}
    yield {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
    yield {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "hello"}}
    yield {"type": "content_block_stop", "index": 0}
    yield {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 1}}
    yield {"type": "message_stop"}


def event(value: dict[str, Any], end="\r\n\r\n") -> bytes:
    name = f"event: {value['type']}\n" if "type" in value else ""
    return f"{name}data: {json.dumps(value)}{end}".encode()


def usual_events(path: str) -> list[bytes]:
    if "messages" in path:
        return [event(value, "\n\n") for value in anthropic_events()]
    if "chat" in path:
        chunks = [event(openai_body(text, "chat.completion.chunk"), "\n\n") for text in ("hel", "lo")]
        return [*chunks, b"data: [DONE]\n\n"]
    return [event(gemini_body(text)) for text in ("hel", "lo")]


async def usual_answer(request: web.Request, *, coding: str = "") -> web.StreamResponse:
    """What the provider of this path answers when all is well."""
    if not (b'"stream": true' in await request.read() or b'"stream":true' in await request.read()) and (
        "stream" not in request.path
    ):
        body = gemini_body()
        if "messages" in request.path:
            body = anthropic_body()
        if "chat" in request.path:
            body = openai_body()
        return web.json_response(body)
    return await stream_answer(request, usual_events(request.path), coding=coding)


async def stream_answer(
    request: web.Request, pieces: list[bytes], *, coding: str = "", kind: str = "text/event-stream"
) -> web.StreamResponse:
    response = web.StreamResponse(headers={"content-type": kind})
    if coding:
        response.headers["content-encoding"] = coding
        whole = gzip.compress(b"".join(pieces), mtime=0)
        pieces = [whole[place : place + 11] for place in range(0, len(whole), 11)]
    await response.prepare(request)
    for piece in pieces:
        await response.write(piece)
        await asyncio.sleep(0)
    return response


def refusal_answer(status: int, **headers: str):
    async def answer(request: web.Request) -> web.Response:
        detail = {"code": status, "type": "refused", "message": "come back later", "status": "REFUSED"}
        return web.json_response({"error": detail}, status=status, headers={"retry-after-ms": "1", **headers})

    return answer


async def refusing_event(request: web.Request) -> web.StreamResponse:
    detail = {"code": 429, "message": "come back later", "status": "REFUSED"}
    return await stream_answer(request, [b": patience\n\n", event({"error": detail}), event(gemini_body())])


async def hanging_up(request: web.Request) -> web.Response:
    assert request.transport is not None
    request.transport.close()
    return web.Response()
