"""One question to the real Copilot, as MassGen's backend would ask it, with a provider of the user's own.

MassGen 0.1.97 itself cannot: it calls ``create_session`` as SDKs before 1.0 had it.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from programs import FOLDER

__all__ = ["ask", "copilot"]


@asynccontextmanager
async def copilot(folder: Path, url: str, handler: Any):
    """A client of the SDK with a handler of model requests, in a home of its own; offline."""
    from copilot import CopilotClient, RuntimeConnection

    environment = {
        "HOME": str(folder),
        "PATH": f"{FOLDER}:/usr/local/bin:/usr/bin:/bin",
        "COPILOT_OFFLINE": "true",
        "COPILOT_PROVIDER_TYPE": "openai",
        "COPILOT_PROVIDER_BASE_URL": f"{url}/v1",
        "COPILOT_PROVIDER_API_KEY": "sk-secret",
        "COPILOT_MODEL": "gpt-4o",
    }
    client = CopilotClient(
        connection=RuntimeConnection.for_stdio(path=str(FOLDER / "copilot")),
        env=environment,
        request_handler=handler,
    )
    await client.start()
    try:
        yield client
    finally:
        await client.stop()


async def ask(client: Any, url: str, question: str, within: float = 60.0) -> str:
    """The answer to a question."""
    session = await client.create_session(
        on_permission_request=lambda *_: {"kind": "denied-interactively-by-user"},
        model="gpt-4o",
        provider={"type": "openai", "base_url": f"{url}/v1", "api_key": "sk-secret", "model_id": "gpt-4o"},
    )
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
    await session.send(question)
    await asyncio.wait_for(over.wait(), within)
    return " ".join(said)
