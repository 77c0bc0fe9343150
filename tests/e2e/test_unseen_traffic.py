"""What passes the wire, or goes where it should not, is said once, with the agent's name."""

from __future__ import annotations

from dataclasses import replace

import pytest
from backends import BACKENDS

from massgen_plugins.sandbox import SandboxProcess

pytestmark = pytest.mark.e2e


def test_a_web_socket_is_named_in_a_warning_in_status_and_by_the_doctor(folder):
    """The real address is not reachable here, so MassGen goes on over HTTP, and that is limited."""
    backend = replace(BACKENDS["openai"], more={"websocket_mode": True})
    with SandboxProcess(backend.config()) as server:
        user = backend.user(folder, server.url)
        result = user.run(backend.team(1, server.url))
    said = "agent a0 speaks over a web socket to api.openai.com, which cannot be read: it is NOT limited."
    assert result.stderr.count(said) == 1
    assert "leave websocket_mode out of its backend:" in result.stderr
    for command in (("status",), ("doctor", "--quick")):
        with user.command("massgen-rl", *command) as run:
            run.wait(60)
            text = " ".join((run.stdout.text + run.stderr.text).split())
        assert "agent a0 ran WITHOUT limits: a web socket to api.openai.com" in text
        assert "leave websocket_mode out of its backend:" in text


def test_openais_key_at_a_strange_host_is_a_warning_without_the_key(folder):
    block = {"type": "chatcompletion", "model": "acme-1", "base_url": "http://acme.invalid/v1"}
    backend = BACKENDS["chatcompletion"]
    with SandboxProcess(backend.config()) as server:
        user = backend.user(folder, server.url)
        team = replace(backend.team(1, server.url), agents={"a0": block})
        with user.start(team) as run:
            run.stderr.wait_for("which is not OpenAI's")
            run.kill()
            run.wait(30)
            text = run.stderr.text
    assert "agent a0 sends the key in OPENAI_API_KEY to acme.invalid" in text
    assert user.environment["OPENAI_API_KEY"] not in text
