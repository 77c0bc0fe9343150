"""One process's life: its agents spend what their budgets allow, until they are refused or killed."""

from __future__ import annotations

import asyncio
import json
import logging
from pathlib import Path
from typing import Any

import httpx

from massgen_plugins import wire
from massgen_plugins.host import announce, reports
from massgen_plugins.host.governor import Governor
from massgen_plugins.host.runtime import Runtime
from massgen_plugins.host.stream import Agent, Turn, current_turn
from massgen_plugins.manager import build_manager
from massgen_plugins.rate_limit import limiters
from massgen_plugins.sandbox.prices import Price

__all__ = ["AGENTS", "MODEL", "PRICE", "Plan", "live"]

AGENTS = 4
MODEL = "gpt-5.4"
PRICE = Price(input=3, output=15)
MOST_OUTPUT = 400
"""Sent with every call, if a bound is sent at all."""


class Plan:
    """What all processes do.

    Attributes:
        url: The server.
        store: The file that is shared.
        budget: The block ``budget:``, without the name of a run.
        bounded: Whether calls bound their output.
    """

    def __init__(self, url: str, store: Path, budget: dict[str, Any], *, bounded: bool) -> None:
        self.url, self.store, self.budget, self.bounded = url, store, budget, bounded

    def settings(self, run: str) -> dict[str, Any]:
        """What a MassGen configuration would hold."""
        prices = {MODEL: {"input": int(PRICE.input), "output": int(PRICE.output)}}
        profile = {"fallback": {"rpm": 10**9}, "prices": prices}
        block = {
            "store": str(self.store),
            "inherit": False,
            "define": [{"provider": "openai", "profiles": {"judged": profile}}],
            "profile": "judged",
            "cooldown_mode": "off",
            "record": False,
            "budget": {**self.budget, "run_id": run},
        }
        return {"rate_limit": block}


def live(plan: Plan, run: str) -> None:
    """Spend until every agent is refused; to be called in a forked child."""
    reports._logger = lambda: logging.getLogger("bills")
    logging.getLogger("bills").addHandler(logging.NullHandler())
    announce._display = lambda *_: None
    asyncio.run(_live(plan, run))
    limiters._close_all()  # as at the end of a process that is not a fork


async def _live(plan: Plan, run: str) -> None:
    runtime = Runtime(build_manager(print, with_entry_points=False))
    governor = Governor(plan.settings(run), None, [], print, runtime.conventions_of)
    provider = runtime.provider_of_backend("openai", f"{plan.url}/v1")
    assert provider is not None
    wire.install(runtime)
    async with httpx.AsyncClient(base_url=plan.url, timeout=60) as client:

        async def agent(name: str) -> None:
            turn = Turn(Agent(name, run, provider, MODEL, MODEL, governor, f"{plan.url}/v1"))
            current_turn.set(turn)
            while turn.refused is None:
                await _call(client, plan, run, name)

        await asyncio.gather(*(agent(f"a{number}") for number in range(AGENTS)))


async def _call(client: httpx.AsyncClient, plan: Plan, run: str, name: str) -> None:
    body: dict[str, Any] = {
        "model": MODEL,
        "messages": [{"role": "user", "content": "What is 17 + 25? Say why."}],
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    if plan.bounded:
        body["max_completion_tokens"] = MOST_OUTPUT
    headers = {"authorization": f"Bearer {run}.{name}", "content-type": "application/json"}
    answer = await client.post("/v1/chat/completions", content=json.dumps(body), headers=headers)
    answer.read()
