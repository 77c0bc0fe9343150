"""The life of one request: it travels, is counted, is ruled on, and is answered, refused or broken."""

from __future__ import annotations

import asyncio
import random
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web

from massgen_plugins.sandbox.config import Fault, FaultRule, Place, SandboxConfig
from massgen_plugins.sandbox.coordination import Conversation, reply_to
from massgen_plugins.sandbox.dialect import Answer, Call, Dialect, MalformedRequestError, PlainAnswer
from massgen_plugins.sandbox.referee import Arrival, Referee, Ruling

__all__ = ["Endpoint", "Exchange"]

_KEPT_HEADERS = ("user-agent", "x-goog-api-client", "x-stainless-retry-count")
_NO_KEY = "The request has no API key; any text will do."


@dataclass(frozen=True)
class Endpoint:
    """Where a request came in; ``model`` if the URL names it, ``as_array`` to send one JSON array."""

    dialect: Dialect
    name: str
    model: str = ""
    as_array: bool = False


class Exchange:
    """Answers requests. ``clock`` gives nanoseconds since the server's start."""

    def __init__(self, config: SandboxConfig, referee: Referee, clock: Callable[[], int]) -> None:
        self._config = config
        self._referee = referee
        self._clock = clock
        self._random = random.Random(config.seed)  # noqa: S311 (repeatable chance)

    async def answer(self, request: web.Request, endpoint: Endpoint) -> web.StreamResponse:
        """The response to a request that asks a model for an answer."""
        raw = await self.receive(request)
        if not api_key(request):
            return plain_response(endpoint.dialect.malformed(_NO_KEY, 401))
        try:
            call = endpoint.dialect.read(raw)
        except MalformedRequestError as problem:
            return self.note(request, endpoint, endpoint.dialect.malformed(str(problem)))
        arrival = self._arrival(request, endpoint.name, call)
        ruling = self._referee.arrive(self._clock(), arrival)
        await self._pause(self._config.network.latency, self._config.network.latency_random)
        try:
            return await self._respond(request, endpoint, call, ruling)
        except ConnectionError:
            self._referee.finished(ruling.number, self._clock())
            raise

    async def receive(self, request: web.Request) -> bytes:
        """The body, once it has travelled for as long as the network says."""
        raw = await request.read()
        await self._pause(self._config.network.uplink, self._config.network.uplink_random)
        return raw

    def note(self, request: web.Request, endpoint: Endpoint, answer: PlainAnswer) -> web.Response:
        """Record and answer a request that no model answers: an error, or a 200 that costs nothing."""
        nothing = Call(endpoint.model, streamed=False, input_tokens=0, conversation=Conversation(""))
        arrival = self._arrival(request, endpoint.name, nothing)
        ruling = self._referee.note(self._clock(), arrival, counted=answer.status != 200)
        return self._send_json(ruling.number, answer)

    async def _respond(
        self, request: web.Request, endpoint: Endpoint, call: Call, ruling: Ruling
    ) -> web.StreamResponse:
        rule = ruling.fault
        if ruling.violations:
            refusal = endpoint.dialect.refusal(ruling.violations, ruling.quota_model)
            return self._send_json(ruling.number, refusal)
        if rule is not None and rule.fault is Fault.STALL:
            await asyncio.sleep(rule.seconds)
        elif rule is not None and (rule.place is Place.HEADERS or not call.streamed):
            return self._fail(request, endpoint, ruling, rule)
        reply = reply_to(call.conversation, serial=ruling.number, words=self._config.answer_words)
        answer = endpoint.dialect.answer(call, reply, ruling.number, self._config.chunks)
        if call.streamed:
            return await self._stream(request, endpoint, ruling, answer)
        body = [answer.body] if endpoint.as_array else answer.body
        return self._send_json(ruling.number, PlainAnswer(200, body), answer.output_tokens)

    def _fail(
        self, request: web.Request, endpoint: Endpoint, ruling: Ruling, rule: FaultRule
    ) -> web.StreamResponse:
        if rule.fault is Fault.RESET:
            return self._reset(request, ruling.number)
        return self._send_json(ruling.number, endpoint.dialect.fault(rule, ruling.quota_model))

    async def _stream(
        self, request: web.Request, endpoint: Endpoint, ruling: Ruling, answer: Answer
    ) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        self._referee.headers_left(ruling.number, self._clock(), 200)
        stalled = ruling.fault is not None and ruling.fault.fault is Fault.STALL
        rule = None if stalled else ruling.fault
        for index, event in enumerate(answer.events[: _events_before(rule)]):
            if index:
                await self._pause(self._config.network.chunk, self._config.network.chunk_random)
            await response.write(event)
        if rule and rule.fault is Fault.RESET:
            return self._reset(request, ruling.number, response)
        if rule:
            error = endpoint.dialect.fault(rule, ruling.quota_model)
            await response.write(endpoint.dialect.error_event(error))
        await response.write_eof()
        self._referee.finished(ruling.number, self._clock(), 0 if rule else answer.output_tokens)
        return response

    def _reset(
        self, request: web.Request, number: int, response: web.StreamResponse | None = None
    ) -> web.StreamResponse:
        """Cut the connection the hard way, so that the client sees a reset and not an end."""
        if request.transport is not None:
            connection = request.transport.get_extra_info("socket")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            request.transport.abort()
        self._referee.finished(number, self._clock())
        return response or web.Response()

    def _send_json(self, number: int, answer: PlainAnswer, output_tokens: int = 0) -> web.Response:
        now = self._clock()
        self._referee.headers_left(number, now, answer.status)
        self._referee.finished(number, now, output_tokens)
        return plain_response(answer)

    def _arrival(self, request: web.Request, endpoint: str, call: Call) -> Arrival:
        headers = {name: request.headers[name] for name in _KEPT_HEADERS if name in request.headers}
        return Arrival(api_key(request), call.model, endpoint, call.input_tokens, headers, call.streamed)

    async def _pause(self, fixed: float, up_to: float) -> None:
        seconds = fixed + self._random.uniform(0, up_to)
        if seconds > 0:
            await asyncio.sleep(seconds)


def api_key(request: web.Request) -> str:
    """The key in the header or query that any of the protocols uses; empty without one."""
    bearer = request.headers.get("Authorization", "").removeprefix("Bearer ")
    named = request.headers.get("x-goog-api-key") or request.headers.get("x-api-key")
    return named or bearer or request.query.get("key", "")


def plain_response(answer: PlainAnswer) -> web.Response:
    """``answer`` as a response."""
    return web.json_response(answer.body, status=answer.status, headers=answer.headers)


def _events_before(rule: FaultRule | None) -> int | None:
    """How many events leave before the fault; ``None`` for all of them."""
    if rule is None:
        return None
    return 0 if rule.place is Place.FIRST_EVENT else rule.after_chunks
