"""Requests of programs through the gateway, the wire and the limiter: as any agent's."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter

import pytest

from massgen_plugins import wire
from massgen_plugins.gateway import PATIENCE, Entrance, Gateway
from massgen_plugins.host.governor import Governor
from massgen_plugins.host.programs import LiveTurn
from massgen_plugins.host.stream import Agent, limited_stream
from tests.gateway.upstream import OPEN, Upstream, answer, exchange

BODY = json.dumps({"model": "claude-sonnet-4-5", "max_tokens": 9, "messages": []}).encode()
PLAN = "Authorization: Bearer sk-ant-oat01-"
SPENT = {
    "anthropic_ratelimit_unified_status": "rejected",
    "anthropic_ratelimit_unified_reset": str(int(time.time()) + 7_200),
}


@pytest.fixture
def gateway(shared):
    wire.install(shared)
    made = Gateway(shared.fault)
    yield made
    made.close()


def agent_of(name, shared, **block):
    governor = Governor({"rate_limit": {"store": "memory", **block}}, None, [], print, shared.conventions_of)
    provider = shared.provider_of_backend("claude_code", None)
    return Agent(name, "run1", provider, "sonnet", "sonnet", governor, program="claude_code")


def run(test):
    async def tidy():
        try:
            return await test
        finally:
            for writer in OPEN:
                writer.transport.abort()
            OPEN.clear()
            await asyncio.sleep(0.01)

    return asyncio.run(asyncio.wait_for(tidy(), 60))


async def turn_of(agent, gateway, upstream, token):
    """A turn in which the agent's program sends one request: what MassGen sees, and what the program saw."""
    turns = LiveTurn(agent, Counter())
    base = gateway.open(Entrance(lambda _: upstream.url, turns.scope, PATIENCE["claude_code"]))
    seen = []

    async def original():
        seen.append(await exchange(f"{base}/v1/messages?beta=true", PLAN + token, body=BODY))
        yield "what the program says of it"

    chunks = [chunk async for chunk in limited_stream(agent, turns.followed(original))()]
    return chunks, seen[0]


def test_a_spent_plan_stops_all_of_its_agents_once(shared, gateway, said, massgen):
    async def test():
        refusal = answer(b'{"error": {"type": "rate_limit_error", "message": "No more."}}', "429 No", **SPENT)
        async with Upstream(refusal) as upstream:
            turns = [
                await turn_of(agent_of(name, shared), gateway, upstream, token)
                for name, token in (
                    ("a", "one"),
                    ("b", "two"),
                )  # tokens of one account
            ]
            return turns, len(upstream.got)

    turns, requests = run(test())
    assert requests == 1  # the second agent does not even ask
    for chunks, (line, headers, body) in turns:
        (chunk,) = chunks
        assert (chunk.type, chunk.status) == ("error", "fatal")
        assert (line, headers["x-should-retry"]) == ("HTTP/1.1 400 Bad Request", "false")
        assert chunk.error in json.loads(body)["error"]["message"]
    assert len([line for line in said if "used up" in line or "spent" in line or "until" in line]) == 1


def test_a_call_that_would_wait_too_long_ends_the_turn(shared, gateway, said, massgen):
    models = {"claude-sonnet-4-5": {"rpm": 1}}

    async def test():
        agent = agent_of("a", shared, models=models, max_wait=1)
        async with Upstream() as upstream:
            first = await turn_of(agent, gateway, upstream, "x")
            second = await turn_of(agent, gateway, upstream, "x")
            return first, second, len(upstream.got)

    (first, _), (second, (line, _, _)), requests = run(test())
    assert first == ["what the program says of it"]
    assert (second[0].type, second[0].status) == ("error", "fatal")
    assert (line, requests) == ("HTTP/1.1 400 Bad Request", 1)
    assert not any("sk-ant" in sentence for sentence in said)
