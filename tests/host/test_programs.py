"""Agents in programs of their own: what is changed for each, and for nobody else; what is left alone."""

from __future__ import annotations

import asyncio
import json
import os
import stat
from types import SimpleNamespace

import pytest

from massgen_plugins.errors import CallRefused, ConfigurationError
from massgen_plugins.gateway import Gateway
from massgen_plugins.host import programs
from massgen_plugins.host.plan_watch import PlanWatch
from massgen_plugins.host.pointers import copilot
from massgen_plugins.host.pointers.base import past_proxies
from massgen_plugins.host.pointers.codex import CodexPointer
from massgen_plugins.host.stream import Agent, Turn, current_turn, limited_stream
from massgen_plugins.middleware import ModelCall
from massgen_plugins.providers.anthropic.provider import AnthropicProvider
from massgen_plugins.quota import Charge, Domain, Kind

KEYS = (
    "ANTHROPIC_API_KEY",
    "CLAUDE_CODE_API_KEY",
    "ANTHROPIC_AUTH_TOKEN",
    "OPENAI_API_KEY",
    "GEMINI_API_KEY",
)
ELSEWHERE = (
    "CODEX_API_KEY",
    "NO_PROXY",
    "no_proxy",
    "MASSGEN_PLUGINS_GATEWAY",
    "ANTHROPIC_BASE_URL",
    "GH_HOST",
)


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch):
    for name in (*KEYS, *ELSEWHERE, "GEMINI_API_KEY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def pointed(faults):
    made = programs.Programs(lambda place, error: faults.append((place, error)))
    yield made
    made._gateway.close()
    assert not faults


@pytest.fixture
def faults():
    return []


@pytest.fixture
def make(massgen, monkeypatch, tmp_path):
    """A real backend of MassGen's, whose program is a file that does nothing."""
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("codex", "gemini"):
        (tools / name).write_text("#!/bin/sh\n")
        (tools / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:{os.environ['PATH']}")

    def make(kind, **config):
        backend = massgen.cli.backends.create_backend(kind, model="m", cwd="work", **config)
        monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)  # MassGen writes them
        return backend

    return make


def agent_of(kind, gateway="keys"):
    governor = SimpleNamespace(settings=SimpleNamespace(gateway=gateway))
    return Agent("a", "run1", AnthropicProvider(), "m", "m", governor, program=kind)


def test_claude_code_gets_a_base_url_of_its_own(pointed, make, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy")
    monkeypatch.setenv("NO_PROXY", "intranet")
    backend, other = make("claude_code", api_key="sk-ant-api"), make("claude_code", api_key="sk-ant-api")
    before = dict(os.environ)
    assert pointed.point(agent_of("claude_code"), backend) is None
    environment = backend._build_claude_options(env={"MINE": "1"}).env
    assert environment["ANTHROPIC_BASE_URL"].startswith(f"http://127.0.0.1:{pointed._gateway.port}/")
    assert (environment["NO_PROXY"], environment["no_proxy"], environment["MINE"]) == (
        "intranet,127.0.0.1",
        "intranet,127.0.0.1",
        "1",
    )
    assert "ANTHROPIC_BASE_URL" not in other._build_claude_options().env
    assert dict(os.environ) == before


def test_what_the_user_has_configured_is_where_requests_go(pointed, make, monkeypatch):
    opened = []
    monkeypatch.setattr(
        Gateway, "open", lambda self, entrance: opened.append(entrance) or "http://127.0.0.1:1/x"
    )
    backend = make("claude_code", api_key="sk-ant-api")
    pointed.point(agent_of("claude_code"), backend)
    assert opened[0].upstream({}) == "https://api.anthropic.com"
    backend._build_claude_options(env={"ANTHROPIC_BASE_URL": "https://company.example"})
    assert opened[0].upstream({}) == "https://company.example"


def test_codex_gets_it_in_a_file_that_codex_alone_may_read(pointed, make):
    backend = make("codex", api_key="sk-x")
    assert pointed.point(agent_of("codex"), backend) is None
    (backend.auth_file.parent).mkdir(parents=True, exist_ok=True)
    backend._write_workspace_config()
    file = next((backend.filesystem_manager.get_current_workspace() / ".codex").glob("config.toml"))
    assert file.read_text().startswith(f'openai_base_url = "http://127.0.0.1:{pointed._gateway.port}/')
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    command = backend._build_exec_command("question")
    assert command[:3] == ["env", "NO_PROXY=127.0.0.1", "no_proxy=127.0.0.1"]
    assert not any(str(pointed._gateway.port) in part for part in command)


@pytest.mark.parametrize(
    ("login", "is_plan"),
    [
        (None, False),
        ({"OPENAI_API_KEY": "sk-x"}, False),
        ({"tokens": {"access_token": "t"}}, True),
        ({"auth_mode": "chatgpt", "OPENAI_API_KEY": "sk-x", "tokens": {}}, True),
        ({"auth_mode": "apikey", "tokens": {"access_token": "t"}}, False),
        ([], False),
    ],
)
def test_codex_tells_its_login_by_its_own_file(tmp_path, monkeypatch, login, is_plan):
    file = tmp_path / "auth.json"
    if login is not None:
        file.write_text(json.dumps(login))
    pointer = CodexPointer(SimpleNamespace(auth_file=file, api_key="sk-x"))
    assert pointer.uses_plan() is is_plan
    monkeypatch.setenv("CODEX_API_KEY", "sk-y")
    assert pointer.uses_plan() is False


def test_codex_goes_where_its_login_belongs(pointed, make, monkeypatch):
    opened = []
    monkeypatch.setattr(
        Gateway, "open", lambda self, entrance: opened.append(entrance) or "http://127.0.0.1:1/x"
    )
    pointed.point(agent_of("codex"), make("codex", api_key="sk-x"))
    assert opened[0].upstream({}) == "https://api.openai.com/v1"
    assert opened[0].upstream({"chatgpt-account-id": "1"}) == "https://chatgpt.com/backend-api/codex"


def test_gemini_cli_gets_it_in_its_environment_and_the_login_in_its_settings(pointed, make, monkeypatch):
    monkeypatch.setenv("GEMINI_CLI_TRUST_WORKSPACE", "true")
    monkeypatch.setenv("GOOGLE_GEMINI_BASE_URL", "https://company.example")
    backend = make("gemini_cli", api_key="AIza-x")
    assert pointed.point(agent_of("gemini_cli"), backend) is None
    environment = backend._build_subprocess_env()
    assert environment["GOOGLE_GEMINI_BASE_URL"].startswith(f"http://127.0.0.1:{pointed._gateway.port}/")
    assert environment["NO_PROXY"] == "127.0.0.1"
    assert os.environ["GOOGLE_GEMINI_BASE_URL"] == "https://company.example"
    backend._write_workspace_config()
    settings = json.loads((backend._workspace_config_dir() / "settings.json").read_text())
    assert settings["security"]["auth"]["selectedType"] == "gemini-api-key"
    assert settings["tools"]  # MassGen's own are still there


def test_gemini_cli_in_a_folder_that_it_does_not_trust_is_left_alone(pointed, make):
    backend = make("gemini_cli", api_key="AIza-x")
    before = dict(vars(backend))
    assert "GEMINI_CLI_TRUST_WORKSPACE=true" in pointed.point(agent_of("gemini_cli"), backend)
    assert vars(backend) == before


@pytest.mark.parametrize("kind", ["claude_code", "codex", "gemini_cli", "copilot"])
def test_a_plan_is_asked_for(pointed, make, kind, tmp_path):
    login = tmp_path / "auth.json"
    login.write_text('{"tokens": {"access_token": "t"}}')
    backend = SimpleNamespace(
        config={}, api_key=None, auth_file=login, client="its own", stream_with_tools=None
    )
    why = pointed.point(agent_of(kind), backend)
    assert f"agent a ({kind}) logs in with a plan" in why
    assert "gateway: plans" in why
    assert (backend.client, backend.stream_with_tools) == ("its own", None)


def test_copilot_gets_a_client_whose_program_is_pointed(pointed, monkeypatch):
    made = []
    monkeypatch.setattr(copilot, "sdk_version", lambda: "0.1.30")
    monkeypatch.setattr(copilot, "_client", lambda environment: made.append(environment) or "pointed")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy")
    before = dict(os.environ)
    backend = SimpleNamespace(config={}, client="its own", stream_with_tools=None)
    assert pointed.point(agent_of("copilot", "plans"), backend) is None
    assert backend.client == "pointed"
    assert made[0]["COPILOT_API_URL"].startswith(f"http://127.0.0.1:{pointed._gateway.port}/")
    assert made[0]["NO_PROXY"] == "127.0.0.1"
    assert dict(os.environ) == before


@pytest.mark.parametrize(
    ("sdk", "variables", "why"),
    [
        ("1.0.27", {}, "pip install --no-deps github-copilot-sdk==0.1.30"),
        ("0.1.32", {}, "cannot work with github-copilot-sdk 0.1.32"),
        (None, {}, "github-copilot-sdk None"),
        ("0.1.30", {"GH_HOST": "company.ghe.com"}, "set COPILOT_API_URL"),
    ],
)
def test_copilot_is_left_alone_where_it_cannot_be_pointed(pointed, monkeypatch, sdk, variables, why):
    monkeypatch.setattr(copilot, "sdk_version", lambda: sdk)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    backend = SimpleNamespace(config={}, client="its own", stream_with_tools=None)
    assert why in pointed.point(agent_of("copilot", "plans"), backend)
    assert backend.client == "its own"


def test_a_plan_that_was_asked_for_is_pointed(pointed, make):
    backend = make("claude_code")
    assert pointed.point(agent_of("claude_code", "plans"), backend) is None
    assert "127.0.0.1" in backend._build_claude_options().env["ANTHROPIC_BASE_URL"]


def test_the_environment_decides_over_the_settings(pointed, make, monkeypatch):
    backend = make("claude_code", api_key="sk-ant-api")
    monkeypatch.setenv("MASSGEN_PLUGINS_GATEWAY", "off")
    assert "switched off" in pointed.point(agent_of("claude_code"), backend)
    monkeypatch.setenv("MASSGEN_PLUGINS_GATEWAY", "sometimes")
    with pytest.raises(ConfigurationError, match="keys, plans or off"):
        pointed.point(agent_of("claude_code"), backend)


@pytest.mark.parametrize("variable", ["CLAUDE_CODE_USE_BEDROCK", "CLAUDE_CODE_USE_VERTEX"])
def test_other_clouds_are_said_not_to_be_covered(pointed, make, monkeypatch, variable):
    monkeypatch.setenv(variable, "1")
    assert variable in pointed.point(agent_of("claude_code"), make("claude_code", api_key="sk-ant-api"))


def test_docker_is_said_not_to_be_covered(pointed):
    backend = SimpleNamespace(config={}, api_key="x", _docker_execution=True)
    assert "Docker" in pointed.point(agent_of("gemini_cli"), backend)


def test_a_gateway_that_cannot_start_leaves_the_agent_as_it_was(pointed, make, monkeypatch):
    def fail(self, entrance):
        raise OSError("no sockets today")

    monkeypatch.setattr(Gateway, "open", fail)
    backend = make("claude_code", api_key="sk-ant-api")
    before = dict(vars(backend))
    assert "runs without limits" in pointed.point(agent_of("claude_code"), backend)
    assert vars(backend) == before


def test_requests_belong_to_the_turn_that_goes_on(pointed):
    agent = agent_of("codex")
    turns = programs.LiveTurn(agent, pointed._blind)
    seen = []

    async def original():
        with turns.scope():  # as the gateway does, from elsewhere
            seen.append(current_turn.get())
        yield "chunk"

    async def run():
        return [chunk async for chunk in limited_stream(agent, turns.followed(original), seen.append)()]

    assert asyncio.run(run()) == ["chunk"]
    assert isinstance(seen[0], Turn)
    with turns.scope():
        assert current_turn.get() is not seen[0]  # after it: limited all the same
        assert current_turn.get().agent is agent
    assert current_turn.get() is None


def test_a_refusal_ends_the_programs_turn_whichever_model_it_chose(shared):
    turn = Turn(agent_of("claude_code"))
    call = ModelCall(Domain("anthropic", "a"), ("haiku",), "haiku", "haiku", {Kind.REQUESTS: Charge(1)})
    token = current_turn.set(turn)
    try:
        shared.refused(call, CallRefused("Spent."))
    finally:
        current_turn.reset(token)
    assert str(turn.refused) == "Spent."


def test_turns_without_a_request_are_told_of_from_the_second_one(shared, said):
    agent = agent_of("codex")
    shared.unseen(agent)
    assert not said
    shared.unseen(agent)
    assert "WITHOUT limits" in said[0]


@pytest.mark.parametrize(
    ("given", "value"),
    [({}, "127.0.0.1"), ({"NO_PROXY": "a, b"}, "a,b,127.0.0.1"), ({"no_proxy": "127.0.0.1"}, "127.0.0.1")],
)
def test_requests_pass_by_the_users_proxies(given, value):
    assert past_proxies(given) == {"NO_PROXY": value, "no_proxy": value}


def test_a_plan_is_warned_of_once_at_each_threshold():
    said = []
    seen = PlanWatch(said.append).of("claude_code")
    for used in ("0.5", "0.81", "0.84", "0.96", "0.99"):
        seen(200, {"anthropic-ratelimit-unified-7d-utilization": used})
    assert said == [
        "the plan of the claude_code agents has used 81% of its weekly limit.",
        "the plan of the claude_code agents has used 96% of its weekly limit.",
    ]
