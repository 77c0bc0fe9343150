"""The readers beside the sandbox, which shares no code with them: usage, announcements, refusals, charges."""

from __future__ import annotations

import json

import httpx
import pytest

from massgen_plugins.middleware import RefusalKind
from massgen_plugins.providers.base import HttpRequest
from massgen_plugins.providers.sse import EventReader
from massgen_plugins.quota import Kind
from massgen_plugins.sandbox import SandboxConfig, SandboxProcess
from massgen_plugins.sandbox.config import Charge, Host, Place, Quota, QuotaKind, Settlement
from tests.providers.every import PROVIDERS

HOSTS = {
    "anthropic": Host.ANTHROPIC,
    "azure_openai": Host.AZURE,
    "cerebras": Host.CEREBRAS,
    "deepseek": Host.DEEPSEEK,
    "fireworks": Host.FIREWORKS,
    "grok": Host.XAI,
    "groq": Host.GROQ,
    "mistral": Host.MISTRAL,
    "moonshot": Host.MOONSHOT,
    "nebius": Host.NEBIUS,
    "nvidia_nim": Host.NVIDIA,
    "openai": Host.OPENAI,
    "openrouter": Host.OPENROUTER,
    "poe": Host.POE,
    "qwen": Host.QWEN,
    "together": Host.TOGETHER,
    "vllm": Host.VLLM,
    "zai": Host.ZAI,
}
PATHS = {
    "anthropic": "/v1/messages",
    "openai": "/v1/responses",
    "grok": "/v1/responses",
    "azure_openai": "/openai/deployments/team/chat/completions?api-version=2024-02-15-preview",
}
ANNOUNCES = {
    "anthropic",
    "azure_openai",
    "cerebras",
    "groq",
    "mistral",
    "nebius",
    "openai",
    "poe",
    "together",
}
SAYS_NOTHING = {"nvidia_nim", "fireworks", "mistral"}
"""Their refusals name no limit."""
PROMPT = 'Say in one sentence what is 17 + 25, and why; use JSON such as {"answer": 42}. ' * 20


def quota(limit, kind=QuotaKind.REQUESTS, **more):
    return Quota(kind, limit, 60.0, **more)


class Client:
    """Sends what an agent would, and reads it as the wire does."""

    def __init__(self, name, url):
        self.provider = PROVIDERS[name]
        self.url = url + PATHS.get(name, "/v1/chat/completions")

    def send(self, **more):
        text = [{"role": "user", "content": PROMPT}]
        body = {"model": "team", "stream": True, "stream_options": {"include_usage": True}, **more}
        body["input" if self.url.endswith("/responses") else "messages"] = text
        if self.url.endswith("/messages"):
            body.setdefault("max_tokens", 32_000)
        content = json.dumps(body).encode()
        headers = {"authorization": "Bearer key", "content-type": "application/json"}
        request = self.provider.read_request(HttpRequest("POST", self.url, headers, content))
        answer = httpx.post(self.url, content=content, headers=headers, timeout=30)
        return request, answer


@pytest.fixture(scope="module", params=sorted(HOSTS))
def name(request):
    return request.param


@pytest.fixture(scope="module")
def run(name):
    """Three calls under a limit of two: the requests as read, the answers, and what the server saw."""
    quotas = {"*": (quota(2), quota(10**7, QuotaKind.TOTAL_TOKENS))}
    with SandboxProcess(SandboxConfig(quotas=quotas, host=HOSTS[name])) as server:
        client = Client(name, server.url)
        calls = [client.send() for _ in range(3)]
        return calls, server.report()


def test_usage_is_the_servers_own_count(name, run):
    calls, report = run
    request, answer = calls[0]
    reader = PROVIDERS[name].usage_reader(request)
    for start in range(0, len(answer.content), 100):
        reader.feed(answer.content[start : start + 100])
    record = report.requests[0]
    assert reader.usage().amounts[Kind.INPUT_TOKENS] == record.input_tokens
    assert reader.usage().amounts[Kind.OUTPUT_TOKENS] == record.output_tokens


def test_input_is_estimated_from_above_and_not_wastefully(run):
    calls, report = run
    estimated = calls[0][0].charges[Kind.INPUT_TOKENS].amount
    assert report.requests[0].input_tokens <= estimated <= 2.5 * report.requests[0].input_tokens


def test_announced_limits_are_those_in_force(name, run):
    request, answer = run[0][0]
    found = PROVIDERS[name].read_announcement(dict(answer.headers), request)
    amounts = {(each.kind, getattr(each.window, "length", 0) // 10**9): each.limit for each in found}
    assert bool(found) == (name in ANNOUNCES)
    for (kind, seconds), limit in amounts.items():
        in_force = {Kind.REQUESTS: 2, Kind.TOTAL_TOKENS: 10**7}[kind]
        assert limit == pytest.approx(in_force * seconds / 60, rel=0.01, abs=0.9)


def test_the_refusal_is_read_for_the_limit_that_it_names(name, run):
    request, answer = run[0][2]
    seen = PROVIDERS[name].read_refusal(answer.status_code, dict(answer.headers), answer.content, request)
    assert answer.status_code == 429
    if name in SAYS_NOTHING:
        assert seen.kind in {RefusalKind.OVERLOAD, RefusalKind.WINDOW}
        return
    assert seen.kind is RefusalKind.WINDOW
    if name == "zai":  # a code that means concurrency
        return
    (limit,) = seen.limits
    assert limit.kind == Kind.REQUESTS
    assert limit.amount in {2, None}


@pytest.mark.parametrize(
    ("name", "charge", "settlement", "more"),
    [
        ("openai", Charge.LARGER, Settlement.RAISED, {}),
        ("openai", Charge.LARGER, Settlement.KEPT, {"max_output_tokens": 4_000}),
        ("azure_openai", Charge.SUM, Settlement.KEPT, {"max_tokens": 700}),
        ("groq", Charge.SUM, Settlement.KEPT, {"max_completion_tokens": 300}),
        ("cerebras", Charge.SUM, Settlement.SETTLED, {"max_completion_tokens": 300}),
        ("moonshot", Charge.SUM, Settlement.KEPT, {"max_tokens": 64}),
        ("chat", Charge.SUM, Settlement.SETTLED, {"max_tokens": 64}),
    ],
)
def test_what_the_server_charges_is_never_more_than_what_we_book(name, charge, settlement, more):
    limit = quota(10**7, QuotaKind.TOTAL_TOKENS, charge=charge, settlement=settlement)
    with SandboxProcess(SandboxConfig(quotas={"*": (limit,)}, host=HOSTS.get(name))) as server:
        request, answer = Client(name, server.url).send(**more)
        charged = server.report().requests[0].charged[limit.name]
    reader = PROVIDERS[name].usage_reader(request)
    reader.feed(answer.content)
    booked = request.charges[Kind.TOTAL_TOKENS]
    used = reader.usage().amounts[Kind.TOTAL_TOKENS]
    assert charged <= max(booked.amount, used)
    assert booked.amount <= 2.5 * max(charged, used)


@pytest.mark.parametrize("place", list(Place))
@pytest.mark.parametrize("name", ["openai", "azure_openai", "chat"])
def test_a_request_above_the_limit_can_never_pass_wherever_that_is_said(name, place):
    limit = quota(300, QuotaKind.TOTAL_TOKENS, charge=Charge.LARGER)
    config = SandboxConfig(quotas={"*": (limit,)}, refuse_at=place, host=Host.OPENAI)
    with SandboxProcess(config) as server:
        request, answer = Client(name, server.url).send(max_output_tokens=4_000, max_tokens=4_000)
    seen, before = refusal_in(name, request, answer)
    assert seen.kind is RefusalKind.CALL
    assert "4,000" in seen.advice
    if place in {Place.FIRST_EVENT, Place.PREAMBLE}:
        assert all(PROVIDERS[name].is_preamble(each) for each in before)


@pytest.mark.parametrize("place", list(Place))
def test_a_spent_minute_of_messages_is_read_wherever_that_is_said(place):
    config = SandboxConfig(quotas={"*": (quota(1),)}, refuse_at=place, host=Host.ANTHROPIC)
    with SandboxProcess(config) as server:
        client = Client("anthropic", server.url)
        client.send()
        request, answer = client.send()
    seen, _ = refusal_in("anthropic", request, answer)
    assert seen.kind is RefusalKind.WINDOW


def refusal_in(name, request, answer):
    """The refusal in an error, or in the event of a stream that has one; and the events before it."""
    read = PROVIDERS[name].read_refusal
    headers = dict(answer.headers)
    if answer.status_code != 200:
        return read(answer.status_code, headers, answer.content, request), []
    events = [event.raw for event in EventReader().feed(answer.content)]
    seen = [read(200, headers, event, request) for event in events]
    first = next(number for number, refusal in enumerate(seen) if refusal is not None)
    return seen[first], events[:first]
