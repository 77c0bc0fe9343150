"""The processing of a request: delay, counting, ruling, then answer, refusal or injected fault."""

from __future__ import annotations

import asyncio
import random
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass, replace

from aiohttp import web

from massgen_plugins.sandbox.announce import announced, retry_headers
from massgen_plugins.sandbox.config import Fault, FaultRule, Place, SandboxConfig
from massgen_plugins.sandbox.coordination import Conversation, reply_to
from massgen_plugins.sandbox.dialect import Answer, Call, Dialect, MalformedRequestError, PlainAnswer, Terms
from massgen_plugins.sandbox.referee import Arrival, Referee, Ruling
from massgen_plugins.sandbox.story import Storyteller

__all__ = ["Endpoint", "Exchange", "plain_response"]

_KEPT_HEADERS = ("user-agent", "x-goog-api-client", "x-stainless-retry-count")
_NO_KEY = "The request has no API key; any text will do."


@dataclass(frozen=True)
class Endpoint:
    """The endpoint of a request; ``model`` if in the URL, ``as_array`` to send one JSON array."""

    dialect: Dialect
    name: str
    model: str = ""
    as_array: bool = False


@dataclass(frozen=True)
class _Visit:
    """A request being processed."""

    request: web.Request
    endpoint: Endpoint
    call: Call
    ruling: Ruling


class Exchange:
    """Answers requests. ``clock`` gives nanoseconds since the server's start."""

    def __init__(self, config: SandboxConfig, referee: Referee, clock: Callable[[], int]) -> None:
        self._config = config
        self._referee = referee
        self._clock = clock
        self._storyteller = Storyteller(config.scenes)
        self._random = random.Random(config.seed)  # noqa: S311 (repeatable chance)

    async def answer(self, request: web.Request, endpoint: Endpoint) -> web.StreamResponse:
        """The response to a model call."""
        raw = await self.receive(request)
        if not api_key(request):
            return plain_response(endpoint.dialect.malformed(_NO_KEY, 401))
        try:
            call = endpoint.dialect.read(raw)
        except MalformedRequestError as problem:
            return self.note(request, endpoint, endpoint.dialect.malformed(str(problem)))
        arrival = self._arrival(request, endpoint, call)
        ruling = self._referee.arrive(self._clock(), arrival)
        visit = _Visit(request, endpoint, call, ruling)
        try:
            await self._pause(self._config.network.latency, self._config.network.latency_random)
            return await self._respond(visit)
        except (ConnectionError, asyncio.CancelledError):
            self._referee.finished(ruling.number, self._clock())
            raise

    async def receive(self, request: web.Request) -> bytes:
        """The body, after the configured network delay."""
        raw = await request.read()
        await self._pause(self._config.network.uplink, self._config.network.uplink_random)
        return raw

    def note(self, request: web.Request, endpoint: Endpoint, answer: PlainAnswer) -> web.Response:
        """Record and answer a request that is not a model call: an error, or a 200 without cost."""
        nothing = Call(endpoint.model, streamed=False, input_tokens=0, conversation=Conversation(""))
        arrival = self._arrival(request, endpoint, nothing)
        ruling = self._referee.note(self._clock(), arrival, counted=answer.status != 200)
        return self._send_json(_Visit(request, endpoint, nothing, ruling), answer)

    async def _respond(self, visit: _Visit) -> web.StreamResponse:
        dialect, ruling = visit.endpoint.dialect, visit.ruling
        rule = ruling.fault
        if rule is not None and rule.fault is Fault.STALL:
            await asyncio.sleep(rule.seconds)
        error, place = self._error(visit)
        if error is not None and (place is Place.HEADERS or not visit.call.streamed):
            return self._send_json(visit, error)
        if rule is not None and rule.fault is Fault.RESET and not (visit.call.streamed and _inside(rule)):
            return self._reset(visit)
        said = visit.call.conversation
        reply = reply_to(said, serial=ruling.number, words=self._config.answer_words)
        reply = self._storyteller.retell(said, reply)
        reasoning, chunks = self._config.reasoning_tokens, self._config.chunks
        terms = Terms(ruling.number, chunks, ruling.usage, reasoning, ruling.price)
        answer = dialect.answer(visit.call, reply, terms)
        if visit.call.streamed:
            return await self._stream(visit, answer, error, place)
        body = [answer.body] if visit.endpoint.as_array else answer.body
        return self._send_json(visit, PlainAnswer(200, body), answer.output_tokens)

    def _error(self, visit: _Visit) -> tuple[PlainAnswer | None, Place]:
        """The error to send instead of or inside the answer, and where."""
        dialect, ruling = visit.endpoint.dialect, visit.ruling
        unix = self._referee.unix(self._clock())
        if ruling.violations:
            return dialect.refusal(ruling.violations, ruling.quota_model, unix), self._config.refuse_at
        rule = ruling.fault
        if rule is None or rule.fault is Fault.STALL:
            return None, Place.HEADERS
        if rule.fault is Fault.RESET:
            return None, rule.place
        return dialect.fault(rule, ruling.quota_model, unix), rule.place

    async def _stream(
        self, visit: _Visit, answer: Answer, error: PlainAnswer | None, place: Place
    ) -> web.StreamResponse:
        number = visit.ruling.number
        headers = {"Content-Type": "text/event-stream", **self._announced(visit)}
        response = web.StreamResponse(headers=headers)
        await response.prepare(visit.request)
        self._referee.headers_left(number, self._clock(), 200)
        broken = error is not None or place is not Place.HEADERS
        last = self._events_before(visit, answer, place) if broken else len(answer.events)
        sent = 0
        for index, event in enumerate(answer.events[:last]):
            if index:
                await self._pause(self._config.network.chunk, self._config.network.chunk_random)
            sent = answer.tokens_after(index + 1)
            self._referee.produced(number, self._clock(), sent)  # a token counts when it is generated
            await response.write(event)
        if broken and error is None:
            return self._reset(visit, response, sent)
        if error is not None:
            event = visit.endpoint.dialect.error_event(error, visit.ruling.quota_model)
            await response.write(event)
        # Before the client sees the end, since it may send its next request immediately.
        self._referee.finished(number, self._clock(), sent)
        await response.write_eof()
        return response

    def _events_before(self, visit: _Visit, answer: Answer, place: Place) -> int:
        """Number of events before the fault in the stream."""
        rule = visit.ruling.fault
        match place:
            case Place.FIRST_EVENT:
                return 0
            case Place.PREAMBLE:
                return answer.preamble
            case Place.END:
                return len(answer.events) - answer.closing
        return rule.after_chunks if rule is not None else 1

    def _reset(
        self, visit: _Visit, response: web.StreamResponse | None = None, sent: int = 0
    ) -> web.StreamResponse:
        """Abort the connection, so that the client sees a reset instead of a regular end."""
        if visit.request.transport is not None:
            connection = visit.request.transport.get_extra_info("socket")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            visit.request.transport.abort()
        self._referee.finished(visit.ruling.number, self._clock(), sent)
        return response or web.Response()

    def _send_json(self, visit: _Visit, answer: PlainAnswer, output_tokens: int = 0) -> web.Response:
        now, number = self._clock(), visit.ruling.number
        how, host = self._config.retry_after, visit.endpoint.dialect.host
        retry = retry_headers(host, how, answer.wait, self._referee.unix(now))
        # Like a provider's, the headers show the reservation, without later refunds.
        headers = {**self._announced(visit), **answer.headers, **retry}
        self._referee.headers_left(number, now, answer.status)
        self._referee.finished(number, now, output_tokens)
        return plain_response(replace(answer, headers=headers))

    def _announced(self, visit: _Visit) -> dict[str, str]:
        if not self._config.announce:
            return {}
        now = self._clock()
        standings = self._referee.standings(visit.ruling.number, now)
        return announced(visit.endpoint.dialect.host, standings, self._referee.unix(now))

    def _arrival(self, request: web.Request, endpoint: Endpoint, call: Call) -> Arrival:
        headers = {name: request.headers[name] for name in _KEPT_HEADERS if name in request.headers}
        return Arrival(
            api_key(request),
            call.model,
            endpoint.name,
            call.input_tokens,
            headers,
            streamed=call.streamed,
            host=endpoint.dialect.host,
            output_bound=call.output_bound,
            characters=call.characters,
        )

    async def _pause(self, fixed: float, up_to: float) -> None:
        seconds = fixed + self._random.uniform(0, up_to)
        if seconds > 0:
            await asyncio.sleep(seconds)


def api_key(request: web.Request) -> str:
    """The API key from the header or query of any protocol; empty without one."""
    bearer = request.headers.get("Authorization", "").removeprefix("Bearer ")
    names = ("x-goog-api-key", "x-api-key", "api-key")
    named = next((request.headers[name] for name in names if request.headers.get(name)), "")
    return named or bearer or request.query.get("key", "")


def _inside(rule: FaultRule) -> bool:
    return rule.place is not Place.HEADERS


def plain_response(answer: PlainAnswer) -> web.Response:
    """``answer`` as a response."""
    return web.json_response(answer.body, status=answer.status, headers=answer.headers)
