"""OpenAI's own client against ``massgen serve``: what works, what is refused, and what nobody asks for."""

from __future__ import annotations

import socket

from lab import Lab


def run(lab: Lab) -> None:
    """Start the server on this machine only, and send it four requests without any secret."""
    user = lab.user("user", lab.provider())
    port = _free_port()
    arguments = ("serve", "--host", "127.0.0.1", "--port", str(port), "--config", "team.yaml")
    with user.start("massgen", *arguments) as server:
        server.wait_for("Uvicorn running")
        client = user.run("python", "client.py", f"http://127.0.0.1:{port}/v1")
    lab.story.add("client", exit_code=client.code, seconds=client.seconds)
    lab.story.quote("client", client.stdout)
    lab.story.add(
        "client",
        conversation_refused="a conversation: HTTP 400" in client.stdout,
        stream_refused="streamed: HTTP 501" in client.stdout,
        file_chosen_by_client="another file: answered by stranger" in client.stdout,
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
