"""What of an answer is looked at before the client gets it, and what is still learned afterwards."""

from __future__ import annotations

import asyncio
import signal
import sys
from types import SimpleNamespace

import aiohttp
import httpx
import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from massgen_plugins.chain import Chain
from massgen_plugins.middleware import Action, Middleware, ModelCall
from massgen_plugins.providers.base import ModelRequest
from massgen_plugins.quota import Charge, Domain, Kind
from massgen_plugins.wire import answer as answer_module
from massgen_plugins.wire.answer import AnswerReader
from massgen_plugins.wire.attempt import Attempt
from massgen_plugins.wire.sender import Late
from massgen_plugins.wire.sync_bridge import drive

PATH = "/v1/models/m:streamGenerateContent"
CREATED = b'event: response.created\ndata: {"type": "response.created"}\n\n'
PROGRESS = b'data: {"type": "response.in_progress"}\n\n'
TEXT = b'data: {"text": "hi"}\n\n'
ERROR = b'data: {"error": {"code": 429}}\n\n'
COMMENT = b": patience\n\n"
EVENTS = {"content-type": "text/event-stream; charset=utf-8"}


class Pieces:
    """A response whose body comes in these pieces; None stands for a wait that is longer than allowed."""

    def __init__(self, *pieces, status=200, headers=EVENTS, coding=""):
        self.status = status
        self.headers = headers
        self.content_encoding = coding
        self.pieces = list(pieces)
        self.taken = 0
        self.waits = []

    async def next_piece(self, seconds):
        self.waits.append(seconds)
        if self.taken == len(self.pieces):
            return None
        piece = self.pieces[self.taken]
        self.taken += 1
        if piece is None:
            raise Late
        return piece


@pytest.fixture
def reader_of(gate):
    def make(response, *, stream=True):
        call = ModelCall(Domain("fake", "account"), ("m",), "m", "m", {})
        request = ModelRequest("m", "m", "key", "", {Kind.REQUESTS: Charge(1)}, stream)
        return AnswerReader(gate, Attempt(gate, call), gate.provider, request, response)

    return make


@pytest.mark.parametrize(
    ("pieces", "refused", "taken"),
    [
        ([TEXT, ERROR], False, 1),
        ([ERROR], True, 1),
        ([CREATED, ERROR], True, 2),
        ([CREATED, PROGRESS, COMMENT, ERROR, TEXT], True, 4),
        ([CREATED + PROGRESS + ERROR], True, 1),
        ([CREATED, TEXT, ERROR], False, 2),
        ([COMMENT, COMMENT, ERROR], True, 3),
        ([TEXT + ERROR], True, 1),  # nothing of it was passed on yet
        ([CREATED[:20], CREATED[20:] + ERROR[:5], ERROR[5:]], True, 3),
        ([ERROR[:-2]], True, 1),  # broken off before the event's end
        ([CREATED, None, ERROR], False, 2),  # held long enough
        ([], False, 0),
    ],
)
def test_events_are_judged_until_one_is_no_preamble(reader_of, pieces, refused, taken):
    response = Pieces(*pieces)
    assert bool(drive(reader_of(response).beginning(response))) == refused
    assert response.taken == taken


def test_a_stream_is_held_for_two_seconds_from_its_first_event_on(reader_of, monkeypatch):
    now = iter([100.0, 100.5, 101.5, 103.0])
    monkeypatch.setattr(answer_module, "monotonic", lambda: next(now))
    response = Pieces(COMMENT, CREATED, PROGRESS, PROGRESS, ERROR)
    assert drive(reader_of(response).beginning(response)) is None
    assert response.waits == [None, None, 1.5, 0.5]


def test_a_stream_is_held_for_64_kib(reader_of):
    response = Pieces(*[COMMENT] * 10_000)
    assert drive(reader_of(response).beginning(response)) is None
    assert response.taken == -(-65_536 // len(COMMENT))


def operations(work):
    """How many functions are called, those in C included."""
    count = 0

    def profile(frame, event, _):
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(profile)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


def test_looking_for_the_first_event_takes_linear_time(reader_of, monkeypatch):
    fed = 0

    class Counting(answer_module.EventReader):
        def feed(self, data):
            nonlocal fed
            fed += len(data)
            return super().feed(data)

    def look(comments):
        response = Pieces(*[b":\n\n"] * comments)
        reader = reader_of(response)
        return operations(lambda: drive(reader.beginning(response)))

    monkeypatch.setattr(answer_module, "EventReader", Counting)
    look(10)
    fed = 0
    few, many = look(2_000), look(20_000)
    assert many < 10.5 * few
    assert fed == 3 * 22_000, "every byte is looked at once"


def test_of_other_answers_the_least_is_read(reader_of):
    for response in (
        Pieces(TEXT, status=200, headers={}),
        Pieces(TEXT, status=204, headers=EVENTS),
        Pieces(TEXT, status=302, headers={}),
    ):
        assert drive(reader_of(response, stream=False).beginning(response)) is None
        assert response.taken == 0
    first = Pieces(ERROR, TEXT, headers={})
    assert drive(reader_of(first).beginning(first)) is not None
    assert first.taken == 1
    error = Pieces(*[b"x" * 2**16] * 40, status=429, headers={})
    assert drive(reader_of(error).beginning(error)) is not None
    assert error.taken == 16


def test_only_headers_about_quotas_and_the_time_are_told_and_announcements_read(reader_of):
    told = [
        "retry-after",
        "retry-after-ms",
        "x-ratelimit-limit-requests",
        "anthropic-ratelimit-requests-reset",
    ]
    told += ["ratelimit", "x-rate-limit-reset", "x-quota-left", "date"]
    others = ["content-type", "authorization", "x-request-id", "x-should-retry", "set-cookie", "x-date"]
    outcome = reader_of(Pieces(headers=dict.fromkeys([*told, *others], "7"))).outcome
    assert list(outcome.headers) == told
    assert [(announced.kind, announced.limit) for announced in outcome.announced] == [(Kind.REQUESTS, 7)]


def test_an_error_later_in_the_stream_is_reported_once(reader_of, gate):
    reader = reader_of(Pieces())
    for data in (TEXT, b'data: {"text": "no error"}\n\n', ERROR[:9], ERROR[9:], ERROR, ERROR):
        reader.see(data)
    reader.end()
    assert gate.recorder.names == ["late refusal", "finished"]


def test_an_error_in_the_event_that_breaks_off_is_reported(reader_of, gate):
    reader = reader_of(Pieces())
    reader.see(TEXT + ERROR[:-2])
    reader.end()
    assert gate.recorder.names == ["late refusal", "finished"]


def test_an_event_is_only_read_if_it_may_be_an_error(reader_of, gate):
    asked = []
    gate.provider.read_refusal = lambda status, headers, body, request: asked.append(body)
    reader = reader_of(Pieces())
    for data in (TEXT, COMMENT, b'data: {"type": "response.failed"}\n\n', TEXT):
        reader.see(data)
    assert asked == [b'data: {"type": "response.failed"}\n']
    reader.end()


USAGE = b'data: {"usage": {"prompt_tokens": %d}}\n\n'


def test_usage_is_reported_as_soon_as_it_changes(reader_of, gate):
    reader = reader_of(Pieces())
    seen = []
    for data in (TEXT, USAGE % 7, TEXT, USAGE % 7, USAGE % 9, TEXT):
        reader.see(data)
        seen.append(list(gate.recorder.usages))
    reader.end()
    assert seen == [[], [7], [7], [7], [7, 9], [7, 9]]
    assert gate.recorder.usages == [7, 9]


def test_usage_of_a_body_that_is_no_stream_is_read_once_at_its_end(reader_of, gate):
    reader = reader_of(Pieces(headers={}), stream=False)
    for data in (b'{"usage": ', b'{"prompt_tokens": 7}', b"}"):
        reader.see(data)
    assert gate.recorder.usages == []
    reader.end()
    assert gate.recorder.usages == [7]


def test_usage_in_the_preamble_counts_when_the_answer_is_passed_on(reader_of, gate):
    response = Pieces(USAGE % 7)
    reader = reader_of(response)
    drive(reader.beginning(response))
    assert gate.recorder.usages == []
    reader.pass_on()
    assert gate.recorder.usages == [7]
    reader.end()


class Hostile:
    """A provider's reader that fails in every way, but not at once."""

    def __init__(self, error, after):
        self._error = error
        self._left = after

    def feed(self, data):
        self._left -= 1
        if self._left < 0:
            raise self._error

    def usage(self):
        self.feed(b"")


@pytest.mark.parametrize(
    "error",
    [
        ValueError,
        SystemExit,
        asyncio.CancelledError,
        GeneratorExit,
        RecursionError,
        MemoryError,
        KeyboardInterrupt,
        StopIteration,
    ],
)
@pytest.mark.parametrize("after", [0, 1, 2])
def test_whatever_a_reader_raises_is_contained_and_said_once(reader_of, gate, error, after):
    gate.faults_expected = True
    gate.provider.usage_reader = lambda request: Hostile(error(), after)
    response = Pieces(TEXT)
    reader = reader_of(response)
    assert drive(reader.beginning(response)) is None
    reader.pass_on()
    for data in (TEXT, ERROR, TEXT):
        reader.see(data)
    reader.end()
    assert [type(error) for _, error in gate.faults] == [error]
    assert gate.recorder.names[-1] == "finished"


def test_ctrl_c_is_the_users(reader_of, gate):
    def interrupted(data):
        signal.raise_signal(signal.SIGINT)

    gate.provider.usage_reader = lambda request: SimpleNamespace(feed=interrupted, usage=lambda: None)
    reader = reader_of(Pieces())
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            reader.see(TEXT)
    finally:
        signal.signal(signal.SIGINT, before)
    reader.end()
    assert gate.faults == []


PARTS = [TEXT, ERROR, CREATED, COMMENT, USAGE % 3, b"\r\n", b"\n\n", b"data: ", b"\xff\xfe", b"error", b"\r"]


@given(st.lists(st.one_of(st.binary(max_size=9), st.sampled_from(PARTS)), max_size=20), st.integers(0, 20))
def test_arbitrary_bytes_in_arbitrary_pieces_never_raise(pieces, looked_at):
    from .door import Door

    gate = Door()
    call = ModelCall(Domain("fake", "account"), ("m",), "m", "m", {})
    request = ModelRequest("m", "m", "key", "", {}, True)
    response = Pieces(*pieces[:looked_at])
    reader = AnswerReader(gate, Attempt(gate, call), gate.provider, request, response)
    drive(reader.beginning(response))
    reader.pass_on()
    for data in pieces[response.taken :]:
        reader.see(data)
    reader.end()
    assert gate.faults == []
    assert gate.recorder.names.count("finished") == 1
    assert gate.recorder.names.count("late refusal") <= 1


# With real clients and a server.


async def with_aiohttp(url):
    async with aiohttp.ClientSession() as session, session.post(url) as response:
        yield response.status
        while piece := await response.content.readany():
            yield piece


async def with_httpx(url):
    async with httpx.AsyncClient() as client, client.stream("POST", url) as response:
        yield response.status_code
        async for piece in response.aiter_raw():
            yield piece


@pytest.mark.parametrize("ask", [with_aiohttp, with_httpx])
class TestWithClients:
    def test_a_refusal_after_a_preamble_is_absorbed(self, server, gate, answers, ask):
        async def refuse(request):
            return await answers.stream_answer(request, [CREATED, PROGRESS, ERROR])

        async def scenario():
            return [piece async for piece in ask(server.url + PATH)]

        server.script = [refuse]
        status, *pieces = asyncio.run(scenario())
        assert (status, b"".join(pieces)) == (200, b"".join(answers.usual_events(PATH)))
        assert [bool(outcome.refusal) for outcome in gate.recorder.outcomes] == [True, False]

    def test_a_slow_preamble_is_passed_on_in_time_and_not_a_byte_is_lost(
        self, server, gate, answers, ask, monkeypatch
    ):
        monkeypatch.setattr(answer_module, "_HELD_SECONDS", 0.02)

        async def slow(request):
            response = await answers.stream_answer(request, [CREATED])
            await server.wait_to_go_on()
            await response.write(PROGRESS)
            await response.write(ERROR)
            return response

        async def scenario():
            pieces = ask(server.url + PATH)
            got = [await anext(pieces), await anext(pieces)]
            server.go_on.set()
            return got + [piece async for piece in pieces]

        server.script = [slow]
        status, first, *pieces = asyncio.run(scenario())
        assert (status, first, b"".join(pieces)) == (200, CREATED, PROGRESS + ERROR)
        assert gate.recorder.names == ["before", "written", "after", "late refusal", "finished"]

    def test_a_client_that_leaves_during_a_slow_preamble(self, server, gate, answers, ask, monkeypatch):
        monkeypatch.setattr(answer_module, "_HELD_SECONDS", 0.02)

        async def slow(request):
            response = await answers.stream_answer(request, [CREATED])
            await server.wait_to_go_on()
            return response

        async def scenario():
            pieces = ask(server.url + PATH)
            assert await anext(pieces) == 200
            await pieces.aclose()
            server.go_on.set()

        server.script = [slow]
        asyncio.run(scenario())
        assert gate.recorder.names == ["before", "written", "after", "finished"]

    @pytest.mark.parametrize("coding", ["gzip", "rot13", "br, gzip"])
    def test_an_undecodable_refusal_is_absorbed(self, server, gate, answers, ask, coding):
        async def refuse(request):
            return web.Response(
                status=429, body=b"not compressed at all", headers={"content-encoding": coding}
            )

        async def scenario():
            return [piece async for piece in ask(server.url + PATH)]

        server.script = [refuse]
        status, *pieces = asyncio.run(scenario())
        assert (status, b"".join(pieces)) == (200, b"".join(answers.usual_events(PATH)))
        assert [outcome.status for outcome in gate.recorder.outcomes] == [429, 200]


def test_a_timeout_in_middleware_reaches_middleware_alone(server, gate):
    """What runs in ``after_call`` has a task of its own from its first step on."""
    caught = []

    class Impatient(Middleware):
        async def after_call(self, call, outcome):
            try:
                async with asyncio.timeout(0.01):
                    await asyncio.Event().wait()
            except TimeoutError:
                caught.append(True)
            return Action.PASS

    async def ask():
        async with httpx.AsyncClient() as client:
            return (await client.post(server.url + PATH)).status_code

    gate.chain = Chain([Impatient()])
    assert asyncio.run(ask()) == 200
    assert caught == [True]
