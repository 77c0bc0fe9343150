"""One question to the real Copilot, as MassGen's backend asks it."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

from massgen_plugins.host.pointers.base import past_proxies

__all__ = ["MODEL", "ask_copilot"]

MODEL = "gpt-4.1"


async def ask_copilot(folder: Path, url: str, question: str, within: float) -> str:
    """The answer to a question, from Copilot's API at ``url``; what went wrong if there is none."""
    from copilot import CopilotClient

    environment = {"HOME": str(folder), "PATH": os.environ["PATH"], "GH_TOKEN": "gho_test"}
    client = CopilotClient({"env": {**environment, "COPILOT_API_URL": url, **past_proxies({})}})
    await client.start()
    try:
        session = await client.create_session(
            {"model": MODEL, "streaming": True, "on_permission_request": lambda *_: {"kind": "approved"}}
        )
        return await _said(session, question, within)
    finally:
        await client.stop()


async def _said(session: Any, question: str, within: float) -> str:
    said: list[str] = []
    over = asyncio.Event()

    def on_event(event: Any) -> None:
        kind = getattr(event.type, "value", event.type)
        if kind == "assistant.message":
            said.append(event.data.content or "")
        elif kind in ("session.idle", "session.error"):
            said.append(str(getattr(event.data, "message", "") or ""))
            over.set()

    session.on(on_event)
    await session.send({"prompt": question})
    await asyncio.wait_for(over.wait(), within)
    return " ".join(said)
