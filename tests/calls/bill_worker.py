"""One process that makes calls of every protocol through the real wire: started by ``test_bill``."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from typing import Any, NamedTuple

import httpx

from massgen_plugins import wire
from massgen_plugins.host import reports
from massgen_plugins.host.governor import Governor
from massgen_plugins.host.runtime import Runtime
from massgen_plugins.host.stream import Agent, Turn, current_turn
from massgen_plugins.manager import build_manager

__all__ = ["PRICES", "ROUTES"]

PRICES: dict[str, dict[str, float]] = {
    "gemini-2.5-flash": {"input": 0.3, "cached": 0.0375, "output": 2.5},
    "gpt-5.4": {"input": 2.5, "cached": 0.123457, "output": 15.000001},
    "claude-sonnet-4-5": {"input": 3, "cached": 0.3, "cache_write": 3.75, "output": 15},
    "deepseek-chat": {"input": 0.28, "cached": 0.028, "output": 0.42},
    "kimi-k2": {"input": 0.6, "cached": 0.15, "output": 2.5},
    "meta-llama/llama-3.3-70b": {"input": 0.0513, "output": 0.111},
}


class Route(NamedTuple):
    """One kind of call."""

    provider: str
    model: str
    path: str
    body: dict[str, Any]


_FLASH = "gemini-2.5-flash"
_WORDS = "Are you there? Tell me all that you know of rate limits, please, and why they are. " * 8
_CHAT = {"messages": [{"role": "user", "content": _WORDS}]}
_GEMINI = {"contents": [{"role": "user", "parts": [{"text": _WORDS}]}]}
_STREAM = {"stream": True, "stream_options": {"include_usage": True}}


def _chat(provider: str, model: str, base: str, **more: Any) -> Route:
    return Route(provider, model, f"{base}/chat/completions", {"model": model, **_CHAT, **more})


ROUTES = (
    Route("gemini", _FLASH, f"/v1beta/models/{_FLASH}:generateContent", _GEMINI),
    Route("gemini", _FLASH, f"/v1beta/models/{_FLASH}:streamGenerateContent?alt=sse", _GEMINI),
    _chat("openai", "gpt-5.4", "/api.openai.com/v1"),
    _chat("openai", "gpt-5.4", "/api.openai.com/v1", **_STREAM),
    Route("openai", "gpt-5.4", "/api.openai.com/v1/responses", {"model": "gpt-5.4", "input": _WORDS}),
    Route(
        "anthropic",
        "claude-sonnet-4-5",
        "/api.anthropic.com/v1/messages",
        {"model": "claude-sonnet-4-5", "max_tokens": 900, **_CHAT},
    ),
    Route(
        "anthropic",
        "claude-sonnet-4-5",
        "/api.anthropic.com/v1/messages",
        {"model": "claude-sonnet-4-5", "max_tokens": 900, "stream": True, **_CHAT},
    ),
    _chat("deepseek", "deepseek-chat", "/api.deepseek.com", **_STREAM),
    _chat("moonshot", "kimi-k2", "/api.moonshot.ai/v1"),
    _chat("openrouter", "meta-llama/llama-3.3-70b", "/openrouter.ai/api/v1"),
    _chat("openrouter", "meta-llama/llama-3.3-70b", "/openrouter.ai/api/v1", **_STREAM),
)
"""Whole and streamed answers; OpenRouter says itself what a call cost."""


def settings(store: str) -> dict[str, Any]:
    """No limits, and the same prices as the server's."""
    providers = {route.provider: route.model for route in ROUTES}
    return {
        "store": store,
        "cooldown_mode": "off",
        "profile": {name: f"own-{name}" for name in providers},
        "define": [
            {
                "provider": name,
                "profiles": {f"own-{name}": {"fallback": "learned", "prices": {model: PRICES[model]}}},
            }
            for name, model in providers.items()
        ],
    }


async def _calls(url: str, store: str, count: int, at_once: int) -> None:
    reports._logger = lambda: logging.getLogger("massgen")  # importing MassGen takes long
    runtime = Runtime(build_manager(print, with_entry_points=False))
    governor = Governor({"rate_limit": settings(store)}, None, [], print)
    wire.install(runtime)
    run = runtime.new_run("team.yaml")
    providers = {each.name: each for each in runtime.providers}
    places = asyncio.Semaphore(at_once)

    async def call(number: int, client: httpx.AsyncClient) -> None:
        route = ROUTES[number % len(ROUTES)]
        agent = Agent(
            f"agent_{number % 6}", run, providers[route.provider], route.model, route.model, governor, None
        )
        current_turn.set(Turn(agent))
        async with places:
            answer = await client.post(
                url + route.path,
                json=route.body,
                headers={"x-goog-api-key": "k", "authorization": "Bearer k", "x-api-key": "k"},
            )
            assert answer.status_code == 200, answer.text

    async with httpx.AsyncClient(timeout=120, trust_env=False) as client:
        await asyncio.gather(*(asyncio.create_task(call(number, client)) for number in range(count)))


if __name__ == "__main__":
    asyncio.run(_calls(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
    json.dump({"done": True}, sys.stdout)
