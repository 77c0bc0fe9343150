"""A server that counts, a provider that knows three SDKs, a gate and a middleware that remember."""

from __future__ import annotations

import asyncio
import gzip
import json
import re
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from aiohttp import web

from massgen_plugins import wire
from massgen_plugins.middleware import Action, Chain, Middleware, ModelCall, Refusal, RefusalKind
from massgen_plugins.providers.base import ModelRequest
from massgen_plugins.quota import Kind, Scope

THIRD_PARTY_WARNINGS = (
    "ignore:Inheritance class AiohttpClientSession:DeprecationWarning",  # google-genai
    "ignore::pydantic.warnings.PydanticDeprecatedSince20",  # litellm
    "ignore:There is no current event loop:DeprecationWarning",  # litellm, at import
    "ignore:Pydantic serializer warnings:UserWarning",  # litellm
)


def pytest_collection_modifyitems(items):
    for item in items:
        if "/wire/" in item.nodeid:
            for warning in THIRD_PARTY_WARNINGS:
                item.add_marker(pytest.mark.filterwarnings(warning))


# The server


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
        whole = gzip.compress(b"".join(pieces))
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


Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Server:
    """Answers as scripted, then as usual; runs in a loop and thread of its own."""

    def __init__(self) -> None:
        self.script: list[Answer] = []
        self.bodies: list[bytes] = []
        self.arrived = threading.Event()
        self.go_on = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._started = threading.Event()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._serve(),))
        self._thread.start()
        self._started.wait()

    @property
    def requests(self) -> int:
        return len(self.bodies)

    async def _serve(self) -> None:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        self._started.set()
        await self._stop.wait()
        await runner.cleanup()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        self.bodies.append(await request.read())
        self.arrived.set()
        return await (self.script.pop(0) if self.script else usual_answer)(request)

    async def wait_to_go_on(self) -> None:
        """For answers: wait until the test says so."""
        await asyncio.to_thread(self.go_on.wait, 10)

    def close(self) -> None:
        self.go_on.set()
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()
        self._loop.close()


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.close()


@pytest.fixture(scope="session")
def answers() -> SimpleNamespace:
    return SimpleNamespace(
        usual=usual_answer,
        stream=stream_answer,
        refusal=refusal_answer,
        refusing_event=refusing_event,
        hanging_up=hanging_up,
        event=event,
        gemini_body=gemini_body,
        usual_events=usual_events,
    )


@pytest.fixture
def unused_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


# Our side


class Usage:
    def __init__(self) -> None:
        self._seen = b""

    def feed(self, data: bytes) -> None:
        self._seen += data

    def usage(self):
        found = re.findall(rb'"(?:promptTokenCount|prompt_tokens|input_tokens)": ?(\d+)', self._seen)
        return {Kind.INPUT_TOKENS: int(found[-1])} if found else None


class KnowsThreeSdks:
    name = "fake"

    def is_model_call(self, method, url):
        return method == "POST" and re.search(r"enerateContent|/chat/completions|/messages", url) is not None

    def read_request(self, request):
        stream = (
            "streamGenerate" in request.url or re.search(rb'"stream": ?true', request.body or b"") is not None
        )
        return ModelRequest("m", "m", "key", "", {Kind.REQUESTS: 1}, stream)

    def resolve_model(self, model):
        return model

    def read_refusal(self, status, headers, body):
        if status in (429, 503) or (status == 200 and body.startswith(b'data: {"error"')):
            return Refusal(RefusalKind.MINUTE)
        return None

    def usage_reader(self, *, stream):
        return Usage()


@dataclass
class Recorder(Middleware):
    """Remembers every event; asks for another try after each refusal."""

    events: list[tuple[str, Any]] = field(default_factory=list)
    calls: list[ModelCall] = field(default_factory=list)

    async def before_call(self, call):
        self.calls.append(call)
        self.events.append(("before", None))

    def on_written(self, call):
        self.events.append(("written", None))

    async def after_call(self, call, outcome):
        self.events.append(("after", outcome))
        return Action.SEND_AGAIN if outcome.refusal else Action.PASS

    def on_usage(self, call, usage):
        self.events.append(("usage", dict(usage)))

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.events]

    @property
    def outcomes(self) -> list[Any]:
        return [detail for name, detail in self.events if name == "after"]

    @property
    def usages(self) -> list[int]:
        return [detail[Kind.INPUT_TOKENS] for name, detail in self.events if name == "usage"]


class Door:
    """A gate that admits all model calls through the recorder and other middleware."""

    def __init__(self) -> None:
        self.recorder = Recorder()
        self.chain = Chain([self.recorder])
        self.provider: Any = KnowsThreeSdks()
        self.faults: list[tuple[str, BaseException]] = []
        self.refusals: list[Exception] = []
        self.urgent: list[bool] = []
        self.faults_expected = False

    def provider_for(self, method, url):
        return self.provider if self.provider.is_model_call(method, url) else None

    def open_call(self, provider, request, *, urgent, repeatable):
        self.urgent.append(urgent)
        scope = Scope("fake", "account", request.model)
        return ModelCall(scope, "m", request.estimate, urgent=urgent, repeatable=repeatable)

    def refused(self, call, error):
        self.refusals.append(error)

    def fault(self, place, error):
        self.faults.append((place, error))


@pytest.fixture
def new_gate() -> type[Door]:
    return Door


@pytest.fixture
def gate() -> Iterator[Door]:
    """An installed gate; a fault that the test does not expect fails it."""
    gate = Door()
    wire.install(gate)
    yield gate
    wire.uninstall()
    if not gate.faults_expected:
        for _, error in gate.faults:
            raise error


# The clients


@dataclass(frozen=True)
class Sdk:
    """One way in which an SDK asks a model; ``ask`` returns the text of the answer."""

    name: str
    ask: Callable[[str], str]
    stream: bool = False
    httpx_like: bool = True

    def __repr__(self) -> str:
        return self.name


def _google(url: str, **options: Any):
    from google import genai

    return genai.Client(api_key="key", http_options={"base_url": url, **options})


async def google_async(url: str, **options: Any) -> str:
    async with _google(url, **options).aio as client:
        return (await client.models.generate_content(model="gemini-2.5-flash", contents="hi")).text


async def google_async_stream(url: str, **options: Any) -> str:
    async with _google(url, **options).aio as client:
        chunks = await client.models.generate_content_stream(model="gemini-2.5-flash", contents="hi")
        return "".join([chunk.text async for chunk in chunks])


def google_sync(url: str, **options: Any) -> str:
    with _google(url, **options) as client:
        return client.models.generate_content(model="gemini-2.5-flash", contents="hi").text


def google_sync_stream(url: str, **options: Any) -> str:
    with _google(url, **options) as client:
        chunks = client.models.generate_content_stream(model="gemini-2.5-flash", contents="hi")
        return "".join(chunk.text for chunk in chunks)


MESSAGES = [{"role": "user", "content": "hi"}]


async def openai_async(url: str) -> str:
    import openai

    async with openai.AsyncOpenAI(api_key="key", base_url=f"{url}/v1") as client:
        return (await client.chat.completions.create(model="m", messages=MESSAGES)).choices[0].message.content


async def openai_async_stream(url: str) -> str:
    import openai

    async with openai.AsyncOpenAI(api_key="key", base_url=f"{url}/v1") as client:
        chunks = await client.chat.completions.create(model="m", messages=MESSAGES, stream=True)
        return "".join([chunk.choices[0].delta.content async for chunk in chunks])


def openai_sync(url: str) -> str:
    import openai

    with openai.OpenAI(api_key="key", base_url=f"{url}/v1") as client:
        return client.chat.completions.create(model="m", messages=MESSAGES).choices[0].message.content


def openai_sync_stream(url: str) -> str:
    import openai

    with openai.OpenAI(api_key="key", base_url=f"{url}/v1") as client:
        chunks = client.chat.completions.create(model="m", messages=MESSAGES, stream=True)
        return "".join(chunk.choices[0].delta.content for chunk in chunks)


async def anthropic_async(url: str) -> str:
    import anthropic

    async with anthropic.AsyncAnthropic(api_key="key", base_url=url) as client:
        return (await client.messages.create(model="m", max_tokens=9, messages=MESSAGES)).content[0].text


async def anthropic_async_stream(url: str) -> str:
    import anthropic

    async with (
        anthropic.AsyncAnthropic(api_key="key", base_url=url) as client,
        client.messages.stream(model="m", max_tokens=9, messages=MESSAGES) as stream,
    ):
        return "".join([text async for text in stream.text_stream])


def anthropic_sync(url: str) -> str:
    import anthropic

    with anthropic.Anthropic(api_key="key", base_url=url) as client:
        return client.messages.create(model="m", max_tokens=9, messages=MESSAGES).content[0].text


def _asynchronous(name: str, ask: Callable[..., Awaitable[str]], **traits: Any) -> Sdk:
    return Sdk(name, lambda url, **options: asyncio.run(ask(url, **options)), **traits)


SDKS = [
    _asynchronous("google_async", google_async, httpx_like=False),
    _asynchronous("google_async_stream", google_async_stream, stream=True, httpx_like=False),
    Sdk("google_sync", google_sync),
    Sdk("google_sync_stream", google_sync_stream, stream=True),
    _asynchronous("openai_async", openai_async),
    _asynchronous("openai_async_stream", openai_async_stream, stream=True),
    Sdk("openai_sync", openai_sync),
    Sdk("openai_sync_stream", openai_sync_stream, stream=True),
    _asynchronous("anthropic_async", anthropic_async),
    _asynchronous("anthropic_async_stream", anthropic_async_stream, stream=True),
    Sdk("anthropic_sync", anthropic_sync),
]


def pytest_generate_tests(metafunc):
    if "sdk" in metafunc.fixturenames:
        metafunc.parametrize("sdk", SDKS, ids=repr)
    if "streaming_sdk" in metafunc.fixturenames:
        metafunc.parametrize("streaming_sdk", [sdk for sdk in SDKS if sdk.stream], ids=repr)
