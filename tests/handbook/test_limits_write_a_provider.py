"""The package on /limits/write-a-provider: installed as written, and run with the real MassGen."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from massgen_plugins.manager import build_manager
from massgen_plugins.middleware import RefusalKind, StatedLimit
from massgen_plugins.profiles import load_settings
from massgen_plugins.providers.base import HttpRequest
from massgen_plugins.quota import ACCOUNT_POOL, CalendarDay, Charge, Kind, Mode
from massgen_plugins.sandbox import SandboxConfig, SandboxProcess, per_model
from tests.overlay import install

from .limits_pages import files_of

URL = "http://127.0.0.1:8765/v1/chat/completions"
BODY = json.dumps({"model": "gpt-oss-120b", "max_tokens": 100, "stream": True}).encode()


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A directory in which the page's package is installed."""
    folder = tmp_path_factory.mktemp("provider")
    for title, text in files_of("write-a-provider").items():
        if title.startswith("massgen-acme/"):
            path = folder / title
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
    return install(folder / "massgen-acme", folder / "site")


@pytest.fixture
def plugins(site, monkeypatch):
    monkeypatch.syspath_prepend(str(site))
    told = []
    yield build_manager(told.append)
    assert told == []
    for name in [name for name in sys.modules if name.split(".")[0] == "massgen_acme"]:
        del sys.modules[name]


@pytest.fixture
def acme(plugins):
    return next(provider for provider in plugins.providers() if provider.name == "acme")


@pytest.fixture
def request_read(acme):
    return acme.read_request(HttpRequest("POST", URL, {"authorization": "Bearer acme-1"}, BODY))


def test_it_has_at_most_sixty_lines():
    code = files_of("write-a-provider")["massgen-acme/massgen_acme/__init__.py"]
    assert len(code.splitlines()) <= 60


def test_it_is_found_and_asked_first(plugins):
    assert plugins.names()[-1] == "acme"
    assert plugins.providers()[0].name == "acme"


@pytest.mark.parametrize(
    ("base_url", "its_own"),
    [("http://127.0.0.1:8765/v1", True), ("https://api.groq.com/openai/v1", False), (None, False)],
)
def test_whose_agents_it_has(acme, base_url, its_own):
    assert acme.serves("chatcompletion", base_url) is its_own


def test_its_limits_hold_by_default(plugins, tmp_path):
    settings = load_settings(None, cwd=tmp_path, extra_profile_dirs=plugins.profile_directories())
    assert {limit.key: limit.amount for limit in settings.rules("acme", "any-model").limits} == {
        "requests/60s": 10,
        "total_tokens/60s": 500_000,
    }


def test_it_reads_a_request(acme, request_read):
    assert acme.is_model_call("POST", URL)
    assert not acme.is_model_call("POST", "https://api.groq.com/openai/v1/chat/completions")
    assert (request_read.model, request_read.endpoint) == ("gpt-oss-120b", "")
    assert request_read.credential == "acme-1"
    tokens = request_read.charges[Kind.INPUT_TOKENS].amount
    assert request_read.charges[Kind.TOTAL_TOKENS] == Charge(tokens + 100, Mode.KEPT)


@pytest.mark.parametrize(
    ("answer", "meaning"),
    [
        ((429, {"retry-after": "7"}, {}), (RefusalKind.WINDOW, None, 7)),
        ((429, {}, {"error": {"code": "no_credit"}}), (RefusalKind.PERMANENT, ACCOUNT_POOL, None)),
        ((429, {}, {"error": "Your daily allowance is spent."}), (RefusalKind.UNTIL, None, None)),
        ((503, {"retry-after": "soon"}, {}), (RefusalKind.OVERLOAD, None, None)),
        (
            (429, {}, {"error": {"code": "busy", "message": "try again in 2s"}}),
            (RefusalKind.OVERLOAD, None, 2),
        ),
    ],
)
def test_it_reads_refusals(acme, request_read, answer, meaning):
    status, headers, body = answer
    refusal = acme.read_refusal(status, headers, json.dumps(body).encode(), request_read)
    assert (refusal.kind, refusal.pool, refusal.retry_after) == meaning


def test_its_day_is_that_of_utc(acme, request_read):
    refusal = acme.read_refusal(429, {}, b'{"error": "daily allowance"}', request_read)
    assert refusal.limits == (StatedLimit(Kind.REQUESTS, CalendarDay("UTC")),)


def test_its_advice_names_the_place(acme, request_read):
    refusal = acme.read_refusal(429, {}, b'{"error": {"code": "no_credit"}}', request_read)
    assert "https://acme.example/billing" in refusal.advice


@pytest.mark.parametrize("status", [200, 400, 500])
def test_other_answers_are_no_refusals(acme, request_read, status):
    assert acme.read_refusal(status, {}, b"{}", request_read) is None


def test_it_reads_what_headers_announce(acme, request_read):
    headers = {"x-ratelimit-limit-requests": "10", "x-ratelimit-remaining-requests": "4"}
    (announced,) = acme.read_announcement(headers, request_read)
    assert (announced.kind, announced.limit, announced.remaining) == (Kind.REQUESTS, 10, 4)


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
