"""A program of its own for the tests: an agent's Copilot under limits, without MassGen around it.

python limited_copilot.py URL QUESTIONS: the agent's settings are the user's own.
"""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from pathlib import Path

from copilot_session import ask, copilot

from massgen_plugins.host.governor import Governor
from massgen_plugins.host.pointers.copilot import handler_of
from massgen_plugins.host.programs import LiveTurn
from massgen_plugins.host.runtime import runtime
from massgen_plugins.host.stream import Agent


async def main(url: str, questions: int) -> None:
    shared = runtime()
    block = {"rate_limit": {"profile": "declared"}}
    governor = Governor(block, None, [], sys.stderr.write, shared.conventions_of)
    provider = shared.provider_of_backend("copilot", None)
    agent = Agent("a0", "run1", provider, "gpt-4o", "gpt-4o", governor, program="copilot")
    turns = LiveTurn(agent, Counter())
    async with copilot(Path.home(), url, handler_of(turns.scope)) as client:
        for answer in await asyncio.gather(*(ask(client, url, "What is 2+2?") for _ in range(questions))):
            sys.stdout.write(f"{answer}\n")


asyncio.run(main(sys.argv[1], int(sys.argv[2])))
