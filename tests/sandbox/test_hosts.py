"""The dialects of the chat family over real HTTP: paths, usage, refusals."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from massgen_plugins.sandbox import (
    Charge,
    Fault,
    FaultRule,
    Host,
    Place,
    Price,
    Quota,
    QuotaKind,
    SandboxConfig,
    SandboxProcess,
    WindowShape,
    concurrent,
    per_model,
)
from massgen_plugins.sandbox.hosts import host_of

PATHS = {
    Host.AZURE: "/my.openai.azure.com/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21",
    Host.CEREBRAS: "/api.cerebras.ai/v1/chat/completions",
    Host.DEEPSEEK: "/api.deepseek.com/v1/chat/completions",
    Host.FIREWORKS: "/api.fireworks.ai/inference/v1/chat/completions",
    Host.GEMINI: "/generativelanguage.googleapis.com/v1beta/openai/chat/completions",
    Host.GROQ: "/api.groq.com/openai/v1/chat/completions",
    Host.MISTRAL: "/api.mistral.ai/v1/chat/completions",
    Host.MOONSHOT: "/api.moonshot.cn/v1/chat/completions",
    Host.NEBIUS: "/api.studio.nebius.ai/v1/chat/completions",
    Host.NVIDIA: "/integrate.api.nvidia.com/v1/chat/completions",
    Host.OPENAI: "/v1/chat/completions",
    Host.OPENROUTER: "/openrouter.ai/api/v1/chat/completions",
    Host.POE: "/api.poe.com/v1/chat/completions",
    Host.QWEN: "/dashscope-intl.aliyuncs.com/compatible-mode/v1/chat/completions",
    Host.TOGETHER: "/api.together.xyz/v1/chat/completions",
    Host.XAI: "/api.x.ai/v1/chat/completions",
    Host.ZAI: "/api.z.ai/api/paas/v4/chat/completions",
}
MODEL = "gpt-4o"


@pytest.fixture(scope="module")
def server() -> Iterator[SandboxProcess]:
    with SandboxProcess(SandboxConfig()) as running:
        yield running


def ask(server: SandboxProcess, host: Host, key: str = "k", **more: Any) -> httpx.Response:
    body = {"model": MODEL, "messages": [{"role": "user", "content": "hello there"}], **more}
    headers = {"api-key": key} if host is Host.AZURE else {"authorization": f"Bearer {key}"}
    return httpx.post(server.url + PATHS[host], json=body, headers=headers)


def events_of(answer: httpx.Response) -> list[Any]:
    lines = [line.removeprefix("data: ") for line in answer.text.splitlines() if line.startswith("data: ")]
    return [json.loads(line) for line in lines if line != "[DONE]"]


@pytest.mark.parametrize("host", PATHS)
def test_a_path_names_its_host(host: Host, server: SandboxProcess) -> None:
    answer = ask(server, host, key=f"names-{host}")
    assert answer.status_code == 200
    assert answer.json()["usage"]["prompt_tokens"] == 2
    assert server.report().requests[-1].host == host


@pytest.mark.parametrize(
    ("prefix", "default", "host"),
    [
        ("", None, Host.OPENAI),
        ("", Host.VLLM, Host.VLLM),
        ("openai/v1/", None, Host.AZURE),
        ("v1beta/openai/", None, Host.GEMINI),
        ("notgroq.com.example/openai/v1/", Host.VLLM, Host.VLLM),
        ("api.groq.com/openai/v1/", Host.VLLM, Host.GROQ),
    ],
)
def test_a_path_without_a_host_speaks_the_default(prefix: str, default: Host | None, host: Host) -> None:
    assert host_of(prefix, default) is host


def test_azure_counts_by_deployment(server: SandboxProcess) -> None:
    ask(server, Host.AZURE, model="something-else")
    assert server.report().requests[-1].model == MODEL


def test_usage_in_each_hosts_fields() -> None:
    prices = {"*": Price(1, 2)}
    config = SandboxConfig(prices=prices, cached_share=0.5, reasoning_tokens=7)
    with SandboxProcess(config) as server:
        told = {}
        for host in (Host.OPENAI, Host.DEEPSEEK, Host.MOONSHOT, Host.OPENROUTER, Host.GROQ):
            ask(server, host)
            told[host] = ask(server, host).json()["usage"]
            output = told[host]["completion_tokens"]
            assert server.report().requests[-1].output_tokens == output > 7
        report = server.report()
        streamed = events_of(ask(server, Host.GROQ, stream=True))
    assert told[Host.OPENAI]["prompt_tokens_details"] == {"cached_tokens": 1}
    assert told[Host.OPENAI]["completion_tokens_details"] == {"reasoning_tokens": 7}
    assert told[Host.DEEPSEEK]["prompt_cache_hit_tokens"] == 1
    assert told[Host.DEEPSEEK]["prompt_cache_miss_tokens"] == 1
    assert told[Host.MOONSHOT]["cached_tokens"] == 1
    cost = sum(each.cost for each in report.requests if each.host == Host.OPENROUTER) / 2
    assert told[Host.OPENROUTER]["cost"] * 1_000_000 == pytest.approx(float(cost))
    assert [e["x_groq"]["usage"]["prompt_tokens"] for e in streamed if "x_groq" in e] == [2]
    assert streamed[-1]["usage"]["prompt_tokens"] == 2


def test_comments_before_the_first_event_are_no_events(server: SandboxProcess) -> None:
    for host, comment in ((Host.OPENROUTER, ": OPENROUTER PROCESSING"), (Host.DEEPSEEK, ": keep-alive")):
        answer = ask(server, host, stream=True)
        assert answer.text.startswith(comment)
        assert events_of(answer)[0]["choices"][0]["delta"]["role"] == "assistant"


REFUSED = [
    (Host.OPENAI, 429, "error.code", "rate_limit_exceeded"),
    (Host.GROQ, 429, "error.message", "Rate limit reached for `gpt-4o` in organization `org_sandbox`"),
    (Host.AZURE, 429, "error.code", "RateLimitReached"),
    (Host.XAI, 429, "error", "Requests per Minute (actual/limit): 2/1"),
    (Host.CEREBRAS, 429, "code", "request_quota_exceeded"),
    (Host.FIREWORKS, 429, "error", "Too Many Requests"),
    (Host.MISTRAL, 429, "type", "rate_limited"),
    (Host.OPENROUTER, 429, "error.message", "Rate limit exceeded: free-models-per-min. "),
    (Host.MOONSHOT, 429, "error.message", "max RPM: 1"),
    (Host.QWEN, 429, "error.code", "limit_requests"),
    (Host.ZAI, 429, "error.code", "1302"),
    (Host.NVIDIA, 429, "title", "Too Many Requests"),
    (Host.TOGETHER, 429, "error.message", "The maximum rate limit for this model is 1.0 queries per minute"),
    (Host.DEEPSEEK, 429, "error.code", "rate_limit_exceeded"),
    (Host.GEMINI, 429, "0.error.status", "RESOURCE_EXHAUSTED"),
]


@pytest.fixture(scope="module")
def strict() -> Iterator[SandboxProcess]:
    with SandboxProcess(SandboxConfig(quotas={"*": per_model(rpm=1)})) as running:
        yield running


@pytest.mark.parametrize(("host", "status", "where", "what"), REFUSED, ids=lambda value: str(value)[:20])
def test_refusals_in_each_hosts_words(
    strict: SandboxProcess, host: Host, status: int, where: str, what: str
) -> None:
    assert ask(strict, host).status_code == 200
    answer = ask(strict, host)
    assert answer.status_code == status
    found: Any = answer.json()
    for step in where.split("."):
        found = found[int(step)] if isinstance(found, list) else found[step]
    assert what in found


def test_a_refusal_says_when_to_come_back_if_its_host_does(strict: SandboxProcess) -> None:
    for host in (Host.OPENAI, Host.GROQ, Host.AZURE):
        ask(strict, host, key=f"back-{host}")
        assert 50 < int(ask(strict, host, key=f"back-{host}").headers["retry-after"]) <= 60
    ask(strict, Host.NVIDIA)
    assert "retry-after" not in ask(strict, Host.NVIDIA).headers
    ask(strict, Host.OPENROUTER)
    limited = ask(strict, Host.OPENROUTER)
    inner = limited.json()["error"]["metadata"]["headers"]
    assert limited.headers["X-RateLimit-Reset"] == inner["X-RateLimit-Reset"]
    assert len(inner["X-RateLimit-Reset"]) == len("1741305600000")


@pytest.mark.parametrize(
    ("host", "status", "text"),
    [(Host.OPENAI, 429, "Request too large"), (Host.GROQ, 413, "Request too large")],
)
def test_what_never_fits_is_too_large(host: Host, status: int, text: str) -> None:
    quota = Quota(QuotaKind.TOTAL_TOKENS, 100, charge=Charge.LARGER, shape=WindowShape.BUCKET)
    with SandboxProcess(SandboxConfig(quotas={"*": (quota,)})) as server:
        answer = ask(server, host, max_tokens=101)
        assert ask(server, host, max_tokens=100).status_code == 200
    assert answer.status_code == status
    assert text in answer.json()["error"]["message"]
    assert "Limit 100, Requested 101" in answer.json()["error"]["message"]


def test_a_server_with_two_places_refuses_the_third_and_says_so() -> None:
    stall = FaultRule(Fault.STALL, nth=(1, 2), seconds=1.5)
    config = SandboxConfig(quotas={"*": (concurrent(2),)}, host=Host.VLLM, faults=(stall,))
    with SandboxProcess(config) as server:
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(3) as pool:
            answers = list(pool.map(lambda _: ask(server, Host.OPENAI), range(3)))
        report = server.report()
    assert sorted(answer.status_code for answer in answers) == [200, 200, 429]
    assert report.most_concurrent == 2
    assert report.refusals == {"concurrent": 1}
    [refused] = [answer for answer in answers if answer.status_code == 429]
    assert "2 places" in refused.json()["error"]["message"]


FAULTS = [
    (Host.OPENAI, Fault.INSUFFICIENT_QUOTA, 429, "insufficient_quota"),
    (Host.OPENAI, Fault.SPEND_CAP, 429, "regain access on 2027-01-01"),
    (Host.OPENAI, Fault.ACCELERATION, 429, "slow_down"),
    (Host.OPENAI, Fault.OVERLOADED, 503, "server_is_overloaded"),
    (Host.OPENAI, Fault.REQUEST_TOO_LARGE, 429, "Request too large"),
    (Host.OPENAI, Fault.TOOL_QUOTA, 429, "web_search"),
    (Host.OPENROUTER, Fault.INSUFFICIENT_QUOTA, 402, "openrouter_credits"),
    (Host.OPENROUTER, Fault.IN_FLIGHT_BUDGET, 402, "in_flight_budget_exhausted"),
    (Host.OPENROUTER, Fault.UPSTREAM, 429, "rate-limited upstream"),
    (Host.DEEPSEEK, Fault.INSUFFICIENT_QUOTA, 402, "Insufficient Balance"),
    (Host.DEEPSEEK, Fault.CONCURRENCY, 429, "exceeds your concurrency limit of 10"),
    (Host.MOONSHOT, Fault.CONCURRENCY, 429, "max concurrency: 10"),
    (Host.GROQ, Fault.ROLLING_DAY, 429, "tokens per day (TPD): Limit 250000, Used 250000"),
    (Host.CEREBRAS, Fault.OVERLOADED, 429, "queue_exceeded"),
    (Host.MISTRAL, Fault.OVERLOADED, 429, "3505"),
    (Host.ZAI, Fault.INSUFFICIENT_QUOTA, 429, "1113"),
    (Host.XAI, Fault.LIMIT_ZERO, 429, "0/0"),
    (Host.GEMINI, Fault.TOOL_QUOTA, 429, "SearchGroundingRequestsPerDayPerProject"),
]


@pytest.mark.parametrize(("host", "fault", "status", "text"), FAULTS, ids=lambda value: str(value)[:20])
def test_injected_errors_in_each_hosts_words(
    visit: Any, host: Host, fault: Fault, status: int, text: str
) -> None:
    rule = FaultRule(fault, every=1, until="2027-01-01", seconds=6.9)

    async def go(client: Any) -> None:
        body = {"model": MODEL, "messages": [{"role": "user", "content": "hi"}]}
        answered, told = await client.post(PATHS[host], body)
        assert answered == status
        assert text in json.dumps(told)

    visit(SandboxConfig(faults=(rule,)), go)


@pytest.mark.parametrize(
    ("place", "events"),
    [(Place.FIRST_EVENT, 0), (Place.PREAMBLE, 2), (Place.MID_STREAM, 1), (Place.END, 6)],
)
def test_quota_refusals_inside_a_stream(visit: Any, place: Place, events: int) -> None:
    """Azure sends the results of its filter and the role before anything else."""

    async def go(client: Any) -> None:
        body = {"model": MODEL, "messages": [{"role": "user", "content": "hi"}], "stream": True}
        assert (await client.post(PATHS[Host.AZURE], body))[0] == 200
        status, told = await client.post(PATHS[Host.AZURE], body)
        assert status == 200
        assert [("error" in event) for event in told] == [False] * events + [True]
        report = client.sandbox.report()
        assert report.refused == 1
        assert report.requests[1].cost == 0

    visit(SandboxConfig(quotas={"*": per_model(rpm=1)}, refuse_at=place, prices={"*": Price(1, 1)}), go)


def test_images_cost_a_tile_and_their_bytes_nothing(visit: Any) -> None:
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "A" * 5000}}

    async def go(client: Any) -> None:
        content = [{"type": "text", "text": "hello there"}, image]
        body = {"model": MODEL, "messages": [{"role": "user", "content": content}]}
        _, told = await client.post(PATHS[Host.OPENAI], body)
        assert told["usage"]["prompt_tokens"] == 2 + 258

    visit(SandboxConfig(), go)


def test_embeddings_are_requests_with_input(visit: Any) -> None:
    async def go(client: Any) -> None:
        body = {"model": "text-embedding-3-small", "input": ["hello there", "hello"]}
        status, told = await client.post("/v1/embeddings", body)
        assert status == 200
        assert told["usage"] == {"prompt_tokens": 3, "total_tokens": 3}
        assert (await client.post("/v1/embeddings", body))[0] == 429
        assert (await client.post("/v1/embeddings", {"model": 5}))[0] == 400

    visit(SandboxConfig(quotas={"*": (Quota(QuotaKind.TOTAL_TOKENS, 5),)}), go)


def test_a_gemini_key_has_one_quota_whichever_path_it_takes(visit: Any) -> None:
    async def go(client: Any) -> None:
        assert (await client.ask(model="gemini-2.5-flash"))[0] == 200
        body = {"model": "gemini-2.5-flash", "messages": [{"role": "user", "content": "hi"}]}
        assert (await client.post("/v1beta/openai/chat/completions", body))[0] == 429
        assert (await client.post("/v1/chat/completions", body))[0] == 200

    visit(SandboxConfig(quotas={"*": per_model(rpm=1)}), go)
