"""The web server: its own event loop (uvloop), agents made in a thread of its pool, and no flag at all."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest
import yaml
from evidence import assert_all_admitted
from harness import QUESTION, Team
from websockets.sync.client import connect

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize(("switch", "flag"), [(True, []), (None, ["--rate-limit"])], ids=["yaml", "flag"])
def test_two_sessions_in_one_web_server(user, server, switch, flag):
    path = user.write("team.yaml", yaml.safe_dump(Team.of(2, switch=switch).document()))
    port = free_port()
    arguments = ["--web", "--web-port", str(port), "--no-browser", "--config", str(path), *flag]
    with user.command("massgen", *arguments) as web:
        web.stderr.wait_for("Uvicorn running")
        for session in ("first", "second"):
            assert ask(port, session, path) == ""
        assert "uvloop" in Path(f"/proc/{web.pid}/maps").read_text(encoding="utf-8")
        assert_all_admitted(user, server)


@pytest.mark.usefixtures("forks")
def test_wrong_settings_are_told_to_the_browser(user, server):
    document = Team.of(1, rate_limit={"max_wait": "soon"}).document()
    path = user.write("team.yaml", yaml.safe_dump(document))
    port = free_port()
    arguments = ["--web", "--web-port", str(port), "--no-browser", "--config", str(path)]
    with user.command("massgen", *arguments, forked=user.forks) as web:
        web.stderr.wait_for("Uvicorn running")
        assert "massgen-plugins: " in (error := ask(port, "only", path))
        assert "max_wait" in error
    assert server.report().arrived == 0


def ask(port, session, path):
    """Ask the question as the page does, and read on until the server is done; returns its error, if any."""
    with connect(f"ws://127.0.0.1:{port}/ws/{session}", max_size=None, proxy=None) as page:
        page.send(json.dumps({"action": "start", "question": QUESTION, "config": str(path)}))
        while True:
            message = json.loads(page.recv(timeout=120))
            if message["type"] == "error":
                return message["message"]
            if message["type"] == "coordination_complete":
                return ""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
