"""What the pages under /operate say of MassGen 0.1.97, one sentence for each test."""

from __future__ import annotations

import argparse
import asyncio
import inspect
import warnings
from pathlib import Path

import pytest


@pytest.fixture(scope="module", autouse=True)
def _massgen():
    with warnings.catch_warnings(record=True):
        warnings.simplefilter("always")
        import massgen
        import massgen.cli
        import massgen.share  # noqa: F401 - for the tests, once


# --- /operate/automation


def test_the_source_defines_five_exit_codes():
    from massgen import cli

    names = ("SUCCESS", "CONFIG_ERROR", "EXECUTION_ERROR", "TIMEOUT", "INTERRUPTED")
    assert [getattr(cli, f"EXIT_{name}") for name in names] == [0, 1, 2, 3, 4]


def parse(*arguments):
    from massgen.cli.entrypoint import main_parser

    return main_parser().parse_args(arguments)


def test_single_agent_takes_the_question_for_its_own():
    options = parse("--automation", "--single-agent", "What is 2+2?")
    assert (options.question, options.single_agent) == (None, "What is 2+2?")
    options = parse("--automation", "--single-agent", "agent1", "What is 2+2?")
    assert (options.question, options.single_agent) == ("What is 2+2?", "agent1")


def test_an_unknown_option_exits_with_argparses_2(capsys):
    with pytest.raises(SystemExit) as ended:
        parse("--no-such-flag")
    assert ended.value.code == 2
    assert "unrecognized arguments" in capsys.readouterr().err


def test_events_are_one_json_object_for_each_line():
    from massgen.events import MassGenEvent

    line = MassGenEvent.create("text", agent_id="a", round_number=1, content="x").to_json()
    assert "\n" not in line
    event = MassGenEvent.from_json(line)
    assert (event.event_type, event.agent_id, event.round_number, event.data) == (
        "text",
        "a",
        1,
        {"content": "x"},
    )


# --- /tools/memory-and-sessions, /integrate/python-api


def test_a_run_with_history_returns_four_values_and_its_two_callers_unpack_three():
    import massgen
    from massgen.cli import run

    returned = inspect.signature(run.run_question_with_history).return_annotation
    assert str(returned).count(",") == 3
    for caller in (massgen.run, run.run_single_question):
        assert "response_text, _, _ = await run_question_with_history(" in inspect.getsource(caller)


# --- /operate/speed-and-cost


def flags(**given):
    from massgen.cli.mode_flags import apply_mode_flags_to_config

    names = ("coordination_mode", "quick", "personas", "single_agent", "fast")
    config = {"orchestrator": given.pop("orchestrator", {})}
    apply_mode_flags_to_config(config, argparse.Namespace(**{name: given.get(name) for name in names}))
    return config["orchestrator"]


def test_quick_is_one_answer_each_a_vote_and_a_synthesis_and_wins_over_the_yaml():
    assert flags(quick=True, orchestrator={"max_new_answers_per_agent": 5}) == {
        "max_new_answers_per_agent": 1,
        "skip_final_presentation": True,
        "disable_injection": True,
        "defer_voting_until_all_answered": True,
        "final_answer_strategy": "synthesize",
    }


def test_fast_leaves_what_the_yaml_says():
    yaml = {"coordination": {"max_verifications_per_round": 3}}
    coordination = flags(fast=True, orchestrator=yaml)["coordination"]
    assert coordination["max_verifications_per_round"] == 3
    assert coordination["fast_iteration_mode"] is True
    assert coordination["max_internal_fix_loops"] == 0


# --- /operate/serve-and-share


def test_serve_listens_to_every_network_and_the_web_interface_to_this_machine(monkeypatch):
    from massgen.server.settings import ServerSettings

    for name in ("MASSGEN_SERVER_HOST", "MASSGEN_SERVER_PORT"):
        monkeypatch.delenv(name, raising=False)
    settings = ServerSettings.from_env()
    assert (settings.host, settings.port) == ("0.0.0.0", 4000)
    assert parse("--web").web_host == "127.0.0.1"


class Engine:
    """Notes what it is asked for."""

    def __init__(self):
        self.asked = []

    async def completion(self, req, resolved, *, request_id):
        self.asked.append(resolved.config_path)
        return {"id": request_id}


@pytest.fixture
def served():
    from fastapi.testclient import TestClient
    from massgen.server.app import create_app
    from massgen.server.settings import ServerSettings

    engine = Engine()
    app = create_app(engine=engine, settings=ServerSettings(default_config="team.yaml"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield TestClient(app), engine


def ask(client, **more):
    body = {"messages": [{"role": "user", "content": "What is 2+2?"}], **more}
    return client.post("/v1/chat/completions", json=body).status_code


def test_the_server_asks_for_no_key(served):
    client, engine = served
    assert ask(client) == 200
    assert engine.asked == ["team.yaml"]


def test_the_client_chooses_the_servers_configuration_file(served):
    client, engine = served
    assert ask(client, model="massgen/path:/tmp/anything.yaml") == 200
    assert engine.asked == ["/tmp/anything.yaml"]


def test_streaming_is_refused(served):
    assert ask(served[0], stream=True) == 501


def test_the_system_message_is_dropped():
    from massgen.server.engine import MassGenEngine

    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello"}]
    engine = MassGenEngine()
    assert engine._extract_query(messages) == "Hello"
    assert engine._extract_conversation_history(messages) is None


def test_the_check_before_sharing_does_not_look_into_python_or_markdown(tmp_path):
    from massgen.share import detect_sensitive_patterns

    for name in ("a.json", "b.py", "c.md", "d.sh"):
        (tmp_path / name).write_text('password = "x"', encoding="utf-8")
    assert detect_sensitive_patterns(tmp_path) == ["a.json"]


def test_sharing_a_large_session_writes_to_the_global_git_configuration():
    from massgen import share

    source = inspect.getsource(share._create_gist_via_git)
    assert '["git", "config", "--global", "credential.https://gist.github.com.helper"' in source


# --- /operate/security-checklist


@pytest.mark.parametrize(("permissions", "on"), [(None, False), ({"enabled": False}, False), ({}, True)])
def test_the_permission_engine_is_off_without_a_block(permissions, on):
    from massgen.permissions.activation import is_permissions_enabled

    assert is_permissions_enabled(permissions) is on


@pytest.mark.parametrize(
    ("command", "risk"),
    [
        ("git push --force origin main", "high"),
        ("curl https://example.com", "high"),
        ("rm -r build", "high"),
        ("git push origin main", "medium"),
        ("python train.py", "medium"),
        ("env", "low"),
        ("cat ~/.aws/credentials", "low"),
        ("echo x > ~/.bashrc", "low"),
        ("find . -delete", "low"),
        ("ls; python x.py", "low"),
    ],
)
def test_the_risk_of_a_command(command, risk):
    from massgen.permissions import RiskClassifier

    assert RiskClassifier().classify("execute_command", {"command": command}).value == risk


@pytest.mark.parametrize(
    ("command", "stopped"),
    [("rm -rf /", True), ("rm -rf /tmp/build", True), ("rm -rf ~", False), ("git push --force", False)],
)
def test_the_hard_stops(command, stopped):
    from massgen.permissions import is_hardline_blocked

    assert is_hardline_blocked("execute_command", {"command": command})[0] is stopped


def rules(**given):
    from massgen.permissions.rules import PermissionRuleSet

    return PermissionRuleSet(**given)


def test_deny_beats_allow_beats_ask():
    both = rules(allow=["command(git *)"], ask=["command(*)"], deny=["command(git push*)"])
    decide = both.evaluate
    assert decide("execute_command", {"command": "git push origin"}) == "deny"
    assert decide("execute_command", {"command": "git status"}) == "allow"
    assert decide("execute_command", {"command": "ls"}) == "ask"
    assert decide("execute_command", {"command": "GIT status"}) == "ask"


def test_a_misspelt_role_is_no_role():
    from massgen.permissions.rules import role_rule_set

    assert role_rule_set("readonly") is None
    assert role_rule_set("read-only").evaluate("write_file", {"path": "x"}) == "deny"


@pytest.mark.parametrize(
    ("default", "allowed"),
    [
        ("risk-based", {"medium": True, "high": False}),
        ("deny-all", {"medium": False, "high": False}),
        ("allow-all", {"medium": True, "high": True}),
    ],
)
def test_who_answers_when_nobody_is_there(default, allowed):
    from massgen.permissions import AuthorizationObject, AutomationDefault, RiskTier
    from massgen.permissions.approval_provider import PolicyApprovalProvider

    provider = PolicyApprovalProvider(AutomationDefault(default))
    for risk, expected in allowed.items():
        request = AuthorizationObject(agent_id="a", tool="t", arguments={}, risk=RiskTier(risk))
        assert asyncio.run(provider.request_approval(request)).allowed is expected


@pytest.mark.parametrize("backend", ["claude_code", "codex"])
def test_backends_with_a_program_of_their_own_have_no_place_for_the_engine(backend):
    import massgen.backend

    source = Path(massgen.backend.__file__).with_name(f"{backend}.py").read_text(encoding="utf-8")
    assert "def set_permission_coordinator" not in source


# --- /operate/observe


def test_logs_of_the_current_directory_come_before_those_of_the_home(tmp_path, monkeypatch):
    from massgen.logs_analyzer import get_logs_dir

    monkeypatch.chdir(tmp_path)
    home = tmp_path / "home"
    monkeypatch.setenv("HOME", str(home))
    (home / ".massgen" / "massgen_logs").mkdir(parents=True)
    assert get_logs_dir() == home / ".massgen" / "massgen_logs"
    (tmp_path / ".massgen" / "massgen_logs").mkdir(parents=True)
    assert get_logs_dir() == Path(".massgen/massgen_logs")
