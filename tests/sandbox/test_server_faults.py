"""Injected faults as a client meets them."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest

from massgen_plugins.sandbox import Fault, FaultRule, Place, SandboxConfig, per_model

REFUSALS = [fault for fault in Fault if fault.is_refusal]


def first(fault: Fault, **more: Any) -> SandboxConfig:
    return SandboxConfig(faults=(FaultRule(fault, nth=(1,), **more),))


@pytest.mark.parametrize("fault", REFUSALS)
def test_every_kind_of_refusal_is_a_429_without_a_retry_header(visit: Any, fault: Fault) -> None:
    async def go(client: Any) -> None:
        path = f"{client.sandbox.url}/v1beta/models/m:generateContent?key=k"
        async with client.session.post(path, json={"contents": [{"parts": [{"text": "x"}]}]}) as response:
            assert response.status == 429
            assert not {"retry-after", "x-ratelimit-limit-requests"} & {
                name.lower() for name in response.headers
            }
            body = await response.json()
        error = (body[0] if isinstance(body, list) else body)["error"]
        assert (error["code"], error["status"]) == (429, "RESOURCE_EXHAUSTED")
        assert (await client.ask())[0] == 200
        assert client.sandbox.report().requests[0].refused_by == (f"injected:{fault}",)

    visit(first(fault), go)


@pytest.mark.parametrize(("fault", "status"), [(Fault.INTERNAL, 500), (Fault.OVERLOADED, 503)])
def test_server_errors(visit: Any, fault: Fault, status: int) -> None:
    async def go(client: Any) -> None:
        answered, body = await client.ask(stream=True)
        assert (answered, body["error"]["code"]) == (status, status)
        assert (await client.ask())[0] == 200

    visit(first(fault), go)


@pytest.mark.parametrize(("place", "whole_events"), [(Place.FIRST_EVENT, 0), (Place.MID_STREAM, 2)])
@pytest.mark.parametrize("fault", [Fault.MINUTE_REQUESTS, Fault.OVERLOADED, Fault.VERTEX_SHARED])
def test_an_error_can_hide_in_a_stream_that_began_well(
    visit: Any, fault: Fault, place: Place, whole_events: int
) -> None:
    async def go(client: Any) -> None:
        status, events = await client.ask(stream=True)
        assert status == 200
        assert ["candidates" in event for event in events] == [True] * whole_events + [False]
        assert events[-1]["error"]["code"] in (429, 503)
        [record] = client.sandbox.report().requests
        counts = [0, *(e["usageMetadata"]["candidatesTokenCount"] for e in events[:-1])]
        assert (record.status, record.fault, record.counted) == (200, fault, True)
        assert record.output_tokens == counts[-1]

    visit(first(fault, place=place, after_chunks=2), go)


def test_a_fault_for_the_inside_of_a_stream_strikes_a_plain_answer_at_the_headers(visit: Any) -> None:
    async def go(client: Any) -> None:
        assert (await client.ask())[0] == 429

    visit(first(Fault.SPEND, place=Place.FIRST_EVENT), go)


def test_a_connection_is_reset_before_the_headers(visit: Any) -> None:
    async def go(client: Any) -> None:
        with pytest.raises((aiohttp.ServerDisconnectedError, aiohttp.ClientOSError)):
            await client.ask()
        assert (await client.ask())[0] == 200
        record = client.sandbox.report().requests[0]
        assert (record.status, record.fault, record.counted) == (0, "reset", True)

    visit(first(Fault.RESET), go)


def test_a_connection_is_reset_within_a_stream(visit: Any) -> None:
    async def go(client: Any) -> None:
        with pytest.raises((aiohttp.ClientPayloadError, aiohttp.ClientOSError)):
            await client.ask(stream=True)
        assert (await client.ask(stream=True))[0] == 200

    visit(first(Fault.RESET, place=Place.MID_STREAM), go)


@pytest.mark.parametrize("stream", [False, True])
def test_a_stall_delays_the_headers_of_an_answer_that_is_whole(visit: Any, stream: bool) -> None:
    async def go(client: Any) -> None:
        assert (await client.ask(stream=stream))[0] == 200
        [record] = client.sandbox.report().requests
        assert record.headers_ns - record.arrived_ns >= 50_000_000
        assert record.output_tokens > 0

    visit(first(Fault.STALL, seconds=0.05), go)


def test_a_fault_does_not_hide_a_quota(visit: Any) -> None:
    async def go(client: Any) -> None:
        assert [(await client.ask())[0] for _ in range(3)] == [500, 429, 429]

    rules = (FaultRule(Fault.INTERNAL, every=1),)
    visit(SandboxConfig(quotas={"*": per_model(rpm=1)}, faults=rules), go)
