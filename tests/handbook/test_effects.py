"""What options do, by running them, not by their names: one sentence of the handbook for each test."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from massgen_plugins import sandbox

from .checks import host
from .massgen_run import massgen, page, team

GEMINI = "{type: gemini, model: gemini-2.5-flash}"
KEY = {"GEMINI_API_KEY": "no-key-needed"}
RUN = '--automation --config team.yaml "What is 2+2?"'


class Refuses(BaseHTTPRequestHandler):
    """A provider that knows no key."""

    def do_POST(self) -> None:
        """Answer 401."""
        body = b'{"error": {"code": 401, "message": "no", "status": "UNAUTHENTICATED"}}'
        self.send_response(401)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def refusing():
    with ThreadingHTTPServer(("127.0.0.1", 0), Refuses) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="module")
def provider():
    with sandbox.SandboxProcess() as running:
        yield running.url


def test_no_logs_leaves_the_question_and_the_prompts_in_files_all_the_same(tmp_path, provider):
    ended = massgen(tmp_path, f"--no-logs {RUN}", team(GEMINI), **KEY, GOOGLE_GEMINI_BASE_URL=provider)
    kept = [path for path in ended.logged("*") if path.is_file()]
    assert len(kept) > 10
    assert [path for path in kept if "What is 2+2?" in path.read_text(errors="replace")]
    assert "keeps no file from being written" in page("operate/observe")


def test_a_run_in_which_all_agents_failed_stays_in_progress_and_fills_the_output_file(tmp_path, refusing):
    asked = f"--output-file answer.txt {RUN}"
    ended = massgen(tmp_path, asked, team(GEMINI), **KEY, GOOGLE_GEMINI_BASE_URL=refusing)
    states = {json.loads(path.read_text())["finish_reason"] for path in ended.logged("status.json")}
    assert states <= {"in_progress"}
    assert (ended.project / "answer.txt").stat().st_size > 0
    assert ended.code == 0


def test_an_agent_that_is_done_has_voted(tmp_path, provider):
    ended = massgen(tmp_path, RUN, team(GEMINI), **KEY, GOOGLE_GEMINI_BASE_URL=provider)
    (status,) = (json.loads(path.read_text()) for path in ended.logged("status.json"))
    assert {agent["status"] for agent in status["agents"].values()} == {"voted"}
    assert status["finish_reason"] == "completed"


def test_an_unset_variable_of_an_mcp_server_is_refused(monkeypatch):
    monkeypatch.delenv("TICKET_TOKEN", raising=False)
    security = host.module("massgen.mcp_tools.security")
    with pytest.raises(ValueError, match="Required environment variable 'TICKET_TOKEN' is not set"):
        security.substitute_env_variables("${TICKET_TOKEN}")
    assert "the server never starts" in page("keys/keep-keys-safe")
