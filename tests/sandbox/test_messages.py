"""Anthropic's protocol with the real SDK: usage with a cache, output as produced, and its refusals."""

from __future__ import annotations

from typing import Any

import anthropic
import pytest

from massgen_plugins.sandbox import (
    Charge,
    Fault,
    FaultRule,
    Place,
    Pool,
    Quota,
    QuotaKind,
    SandboxConfig,
    SandboxProcess,
    Settlement,
    WindowShape,
    concurrent,
)

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
BUCKET = WindowShape.BUCKET
SAY: Any = [{"role": "user", "content": "hello there, and ten more words that are here to be counted too"}]
ASK: dict[str, Any] = {"model": "claude-sonnet-4-5", "max_tokens": 8000, "messages": SAY}


def client_of(server: SandboxProcess) -> Any:
    return anthropic.Anthropic(api_key="k", base_url=server.url, max_retries=0)


def test_usage_leaves_the_cache_out_and_the_limit_does_too() -> None:
    itpm = Quota(
        QuotaKind.INPUT_TOKENS,
        10_000,
        shape=BUCKET,
        charge=Charge.ESTIMATED,
        settlement=Settlement.SETTLED,
        cached_free=True,
    )
    config = SandboxConfig(quotas={"*": (itpm,)}, cached_share=0.5)
    with SandboxProcess(config) as server, client_of(server) as client:
        first = client.messages.create(**ASK).usage
        with client.messages.stream(**ASK) as stream:
            second = stream.get_final_message().usage
        report = server.report()
    whole = report.requests[0].input_tokens
    assert first.input_tokens + first.cache_creation_input_tokens == whole
    assert first.cache_read_input_tokens == 0
    assert second.input_tokens + second.cache_read_input_tokens == whole
    assert second.cache_read_input_tokens == whole // 2
    assert report.limit("input_tokens per 60 s").charged == 2 * whole - whole // 2


def test_output_is_charged_as_it_is_produced_and_the_bound_plays_no_part() -> None:
    otpm = Quota(QuotaKind.OUTPUT_TOKENS, 30, window=3600, shape=BUCKET)
    with SandboxProcess(SandboxConfig(quotas={"*": (otpm,)})) as server, client_of(server) as client:
        usage = client.messages.create(**ASK).usage
        with pytest.raises(anthropic.RateLimitError, match="30 output tokens per minute"):
            client.messages.create(**ASK)
        report = server.report()
    limit = report.limit("output_tokens per 3600 s")
    assert limit.charged == usage.output_tokens == report.requests[0].output_tokens
    assert limit.fullest > 1


def test_headers_announce_and_a_shared_pool_refuses() -> None:
    rpm = Quota(QuotaKind.REQUESTS, 1, shape=BUCKET)
    config = SandboxConfig(pools=(Pool("Sonnet 4.x", ("claude-sonnet-4*",), (rpm,)),))
    with SandboxProcess(config) as server, client_of(server) as client:
        told = client.messages.with_raw_response.create(**ASK).headers
        with pytest.raises(anthropic.RateLimitError, match="1 requests per minute") as refused:
            client.messages.create(**{**ASK, "model": "claude-sonnet-4-6"})
        report = server.report()
    assert told["anthropic-ratelimit-requests-limit"] == "1"
    assert told["anthropic-ratelimit-requests-remaining"] == "0"
    assert told["anthropic-ratelimit-requests-reset"].endswith("Z")
    assert 50 < int(refused.value.response.headers["retry-after"]) <= 60
    assert report.refusals == {"Sonnet 4.x: requests per 60 s": 1}


@pytest.mark.parametrize(
    ("fault", "status", "text"),
    [
        (Fault.OVERLOADED, 529, "overloaded_error"),
        (Fault.SPEND_CAP, 429, "enforced_spend_limit_reached"),
        (Fault.SPEND, 400, "regain access on 2026-12-01 at 00:00 UTC"),
        (Fault.INSUFFICIENT_QUOTA, 400, "credit balance is too low"),
        (Fault.REQUEST_TOO_LARGE, 429, "Extra usage is required for long context"),
        (Fault.ACCELERATION, 429, "increased too quickly"),
        (Fault.CONCURRENCY, 429, "concurrent connections"),
        (Fault.NO_DETAILS, 429, "account's rate limit"),
        (Fault.MINUTE_TOKENS, 429, "250,000 input tokens per minute"),
        (Fault.LIMIT_ZERO, 429, "0 requests per minute"),
    ],
)
def test_injected_errors(visit: Any, fault: Fault, status: int, text: str) -> None:
    async def go(client: Any) -> None:
        answered, body = await client.post("/v1/messages", ASK)
        assert answered == status
        assert text in str(body)

    visit(SandboxConfig(faults=(FaultRule(fault, every=1),)), go)


@pytest.mark.parametrize("place", [Place.FIRST_EVENT, Place.PREAMBLE, Place.MID_STREAM, Place.END])
def test_overload_inside_a_stream(place: Place) -> None:
    rule = FaultRule(Fault.OVERLOADED, every=1, place=place, after_chunks=3)
    with SandboxProcess(SandboxConfig(faults=(rule,))) as server, client_of(server) as client:
        with pytest.raises(anthropic.APIStatusError) as broken:
            list(client.messages.create(**ASK, stream=True))
        [record] = server.report().requests
    assert "overloaded_error" in str(broken.value.body)
    assert record.status == 200
    assert bool(record.output_tokens) is (place in {Place.MID_STREAM, Place.END})


def test_too_many_connections() -> None:
    config = SandboxConfig(quotas={"*": (concurrent(0),)})
    refusal = pytest.raises(anthropic.RateLimitError, match="concurrent connections")
    with SandboxProcess(config) as server, client_of(server) as client, refusal:
        client.messages.create(**ASK)
