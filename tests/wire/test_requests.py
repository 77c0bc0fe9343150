"""The client ``requests``: admitted like the others, its bytes and its retries left as they are."""

from __future__ import annotations

import io

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from requests.adapters import HTTPAdapter
from urllib3 import HTTPResponse
from urllib3.util.retry import Retry

from massgen_plugins.chain import Chain
from massgen_plugins.errors import CallRefused
from massgen_plugins.middleware import Middleware
from massgen_plugins.wire.requests_body import HeldRaw

STREAM = "/v1/models/m:streamGenerateContent"
PATH = "/v1/messages"


@pytest.fixture
def session():
    with requests.Session() as session:
        yield session


def whole(answers):
    return b"".join(answers.usual_events(STREAM))


def test_a_call_is_admitted_and_its_usage_reported(server, gate, session):
    answer = session.post(server.url + PATH, json={"model": "m"}, timeout=10)
    assert answer.json()["content"][0]["text"] == "hello"
    assert gate.recorder.names == ["before", "written", "after", "usage", "finished"]
    assert gate.recorder.usages == [7]
    assert gate.recorder.calls[0].repeatable


@pytest.mark.parametrize("stream", [False, True])
def test_a_refusal_is_absorbed(server, gate, answers, session, stream):
    server.script = [answers.refusal_answer(429), answers.refusing_event]
    answer = session.post(server.url + STREAM, data=b"{}", stream=stream, timeout=10)
    assert answer.content == whole(answers)
    assert [outcome.status for outcome in gate.recorder.outcomes] == [429, 200, 200]
    assert len(set(gate.recorder.calls)) == 1


def test_our_refusal_is_an_answer(server, gate, session):
    class Refuses(Middleware):
        async def before_call(self, call):
            raise CallRefused("The daily limit is used up.")

    gate.chain = Chain([Refuses()])
    answer = session.post(server.url + PATH, timeout=10)
    assert (answer.status_code, answer.text) == (403, "The daily limit is used up.")
    with pytest.raises(requests.HTTPError):
        answer.raise_for_status()
    assert server.requests == 0
    assert len(gate.refusals) == 1


def test_a_body_that_is_read_once_is_sent_once(server, gate, answers, session):
    server.script = [answers.refusal_answer(429)]
    answer = session.post(server.url + PATH, data=io.BytesIO(b"{}"), timeout=10)
    assert answer.status_code == 429
    assert answer.json()["error"]["message"] == "come back later"
    assert [call.repeatable for call in gate.recorder.calls] == [False]


def test_tries_of_urllib3_are_admitted_one_by_one(server, gate, answers, session):
    retries = Retry(total=3, status_forcelist=[500], allowed_methods=None, backoff_factor=0)
    session.mount("http://", HTTPAdapter(max_retries=retries))
    server.script = [answers.refusal_answer(500), answers.refusal_answer(500)]
    assert session.post(server.url + PATH, data=b"{}", timeout=10).status_code == 200
    one = ["before", "written", "after", "finished"]
    assert gate.recorder.names == [*one, *one, "before", "written", "after", "usage", "finished"]
    assert [outcome.status for outcome in gate.recorder.outcomes] == [500, 500, 200]
    assert server.requests == 3


def test_a_try_of_urllib3_that_may_not_leave_does_not(server, gate, answers, session):
    class RefusesTheSecond(Middleware):
        calls = 0

        async def before_call(self, call):
            self.calls += 1
            if self.calls == 2:
                raise CallRefused("The daily limit is used up.")

    gate.chain = Chain([RefusesTheSecond(), gate.recorder])
    session.mount("http://", HTTPAdapter(max_retries=Retry(3, status_forcelist=[500], allowed_methods=None)))
    server.script = [answers.refusal_answer(500)]
    assert session.post(server.url + PATH, data=b"{}", timeout=10).status_code == 403
    assert server.requests == 1
    assert gate.recorder.names == ["before", "written", "after", "finished"]


def test_what_nobody_answers_was_not_sent(gate, session, unused_port):
    with pytest.raises(requests.ConnectionError):
        session.post(f"http://127.0.0.1:{unused_port}{PATH}", timeout=10)
    assert gate.recorder.names == ["before", "written", "after", "finished"]


@pytest.mark.parametrize("compressed", [False, True])
def test_it_reads_what_was_sent(server, gate, answers, session, compressed):
    async def gzipped(request):
        return await answers.usual_answer(request, coding="gzip")

    def ask():
        if compressed:
            server.script = [gzipped]
        return session.post(server.url + STREAM, stream=True, timeout=10)

    body = whole(answers)
    assert b"".join(ask().iter_content(7)) == body
    assert b"".join(ask().iter_content(None)) == body
    assert [line.decode() for line in ask().iter_lines()] == body.decode().splitlines()
    assert ask().content == body
    assert ask().raw.read(decode_content=True) == body
    assert gate.recorder.usages == [7] * 5
    assert gate.recorder.names.count("finished") == 5


def test_each_event_is_passed_on_when_it_comes(server, gate, answers, session):
    first, second = answers.usual_events(STREAM)

    async def one_by_one(request):
        response = await answers.stream_answer(request, [first])
        await server.wait_to_go_on()
        await response.write(second)
        return response

    server.script = [one_by_one]
    pieces = session.post(server.url + STREAM, stream=True, timeout=10).iter_content(None)
    assert next(pieces) == first
    server.go_on.set()
    assert b"".join(pieces) == second


def test_other_traffic_is_left_alone(server, gate, session):
    assert session.get(server.url + "/other", timeout=10).status_code == 200
    assert gate.recorder.events == []
    assert type(session.get(server.url, timeout=10).raw) is HTTPResponse


BODY = bytes(range(256)) * 2


class Source(io.BytesIO):
    """Delivers in pieces of at most some bytes and closes at the end, as http.client does."""

    def __init__(self, most):
        super().__init__(BODY)
        self._most = most

    def read(self, amt=-1):
        every = amt is None or amt < 0
        data = super().read() if every else super().read(min(amt, self._most))
        if every or not data:
            self.close()
        return data


@given(
    st.integers(1, 600),
    st.integers(0, 5),
    st.lists(st.one_of(st.integers(1, 300), st.none()), max_size=6),
    st.sampled_from(["read", "stream"]),
)
def test_not_a_byte_is_changed(most, held, amounts, way):
    raw = HeldRaw(HTTPResponse(Source(most), preload_content=False))
    looked_at = [raw.hold_piece() for _ in range(held)]
    assert BODY.startswith(b"".join(piece or b"" for piece in looked_at))
    got = b""
    if way == "stream":
        got = b"".join(raw.stream(amounts[0] if amounts else 64))
    else:
        for amount in amounts:
            piece = raw.read(amount)
            assert amount is None or len(piece) <= amount
            got += piece
        while piece := raw.read(100):
            got += piece
    assert got == BODY
