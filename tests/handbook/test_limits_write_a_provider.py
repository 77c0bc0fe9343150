"""The package on /limits/write-a-provider: installed as written, and run with the real MassGen."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from massgen_plugins.manager import build_manager
from massgen_plugins.middleware import RefusalKind
from massgen_plugins.profiles import load_settings
from massgen_plugins.providers.base import HttpRequest
from massgen_plugins.quota import Kind
from massgen_plugins.sandbox import SandboxConfig, SandboxProcess, per_model
from tests.overlay import install

from .limits_pages import files_of

URL = "http://127.0.0.1:8765/v1/chat/completions"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A directory in which the page's package is installed."""
    folder = tmp_path_factory.mktemp("provider")
    for title, text in files_of("write-a-provider").items():
        if title.startswith("massgen-chat/"):
            path = folder / title
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
    return install(folder / "massgen-chat", folder / "site")


@pytest.fixture
def plugins(site, monkeypatch):
    monkeypatch.syspath_prepend(str(site))
    told = []
    yield build_manager(told.append)
    assert told == []
    for name in [name for name in sys.modules if name.split(".")[0] == "massgen_chat"]:
        del sys.modules[name]


@pytest.fixture
def chat(plugins):
    return next(provider for provider in plugins.providers() if provider.name == "chat")


def test_it_is_found_and_asked_first(plugins):
    assert plugins.names()[-1] == "chat"
    assert plugins.providers()[0].name == "chat"


def test_its_limits_hold_by_default(plugins, tmp_path):
    settings = load_settings(None, cwd=tmp_path, extra_profile_dirs=plugins.profile_directories())
    assert {limit.key: limit.amount for limit in settings.rules("chat", "any-model").limits} == {
        "requests/60s": 10,
        "total_tokens/60s": 500_000,
    }


def test_it_reads_a_request(chat):
    body = b'{"model": "gpt-oss-120b", "max_tokens": 100, "stream": true}'
    read = chat.read_request(HttpRequest("POST", URL, {"authorization": "Bearer k"}, body))
    assert chat.is_model_call("POST", URL)
    assert (read.model, read.endpoint, read.credential) == ("gpt-oss-120b", "127.0.0.1:8765", "Bearer k")
    assert read.estimate == {Kind.REQUESTS: 1, Kind.TOTAL_TOKENS: len(body) + 100}
    assert read.stream


@pytest.mark.parametrize(
    "body", [None, b"", b"[]", b'"text"', b'{"messages": []}', b'{"model": "m", "max_tokens": "x"}']
)
def test_what_it_does_not_understand_is_not_limited(chat, body):
    assert chat.read_request(HttpRequest("POST", URL, {}, body)) is None


@pytest.mark.parametrize(
    ("answer", "meaning"),
    [
        ((429, {"retry-after": "7"}, b"{}"), (RefusalKind.MINUTE, 7)),
        ((429, {}, b'{"error": {"code": "insufficient_quota"}}'), (RefusalKind.PERMANENT, None)),
        ((503, {"retry-after": "soon"}, b""), (RefusalKind.OVERLOAD, None)),
    ],
)
def test_it_reads_refusals(chat, answer, meaning):
    refusal = chat.read_refusal(*answer)
    assert (refusal.kind, refusal.retry_after) == meaning


@pytest.mark.parametrize("status", [200, 400, 500])
def test_other_answers_are_no_refusals(chat, status):
    assert chat.read_refusal(status, {}, b"{}") is None


@pytest.mark.parametrize(
    "answer",
    [
        b'{"choices": [], "usage": {"prompt_tokens": 3, "total_tokens": 12}}',
        b'data: {"a": [{}]}\n\ndata: {"a": [], "usage": {"total_tokens": 12}}\n\ndata: [DONE]\n\n',
    ],
    ids=["document", "stream"],
)
def test_it_finds_the_usage_wherever_the_answer_is_cut(chat, answer):
    for cut in range(len(answer)):
        reader = chat.usage_reader(stream=True)
        reader.feed(answer[:cut])
        reader.feed(answer[cut:])
        assert reader.usage() == {Kind.TOTAL_TOKENS: 12}


@pytest.mark.e2e
def test_four_agents_of_the_real_massgen_are_never_refused(site, tmp_path):
    team = yaml.safe_load(files_of("write-a-provider")["team.yaml"])
    with SandboxProcess(SandboxConfig(quotas={"*": per_model(rpm=10)})) as server:
        for agent in team["agents"]:
            agent["backend"]["base_url"] = f"{server.url}/v1"
        (tmp_path / "team.yaml").write_text(yaml.safe_dump(team), "utf-8")
        environment = {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}/usr/bin:/bin",
            "HOME": str(tmp_path),
            "LANG": "C.UTF-8",
            "PYTHONPATH": str(site),
            "OPENAI_API_KEY": "any-word-will-do",
        }
        command = ["massgen", "--automation", "--config", "team.yaml", "What is 2+2?"]
        done = subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=420, check=False
        )
        report = server.report()
    assert "COMPLETED: 4 agents" in done.stdout, done.stdout + done.stderr
    assert report.refused == 0
    assert report.arrived > 8
