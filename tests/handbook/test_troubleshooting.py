"""Each message under /fix is provoked for real and stands on its page; each first-day cure is tried."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from massgen_plugins import sandbox

from .checks import host
from .checks.places import ROOT
from .massgen_run import massgen, page, team, words
from .refusing import refusing_provider

GEMINI = "{type: gemini, model: gemini-2.5-flash}"
RUN = '--automation --config team.yaml "What is 2+2?"'
FILES = "orchestrator: {snapshot_storage: s, agent_temporary_workspace: t}\n"
KEY = {"GEMINI_API_KEY": "some-key", "OPENAI_API_KEY": "some-key"}


@pytest.fixture(scope="module")
def refusing():
    with refusing_provider() as address:
        yield address


@pytest.fixture(scope="module")
def provider():
    with sandbox.SandboxProcess() as running:
        yield running.url


# --- /fix/troubleshooting: what the command says before an agent starts

BEFORE = [
    # message, exit code, command, team.yaml
    ("No default configuration found.", 1, '"What is 2+2?"', None),
    ("Configuration file not found: nope.yaml", 1, '--automation --config nope.yaml "x"', None),
    ("Config '@examples/nope' not found in package.", 1, '--automation --config @examples/nope "x"', None),
    ("Error reading config file:", 1, RUN, {"team.yaml": "agents: [\n"}),
    ("Config validation failed. Fix errors above", 1, RUN, team("{type: anthropic, model: m}")),
    (
        "failed in strict mode",
        1,
        f"--strict-validation {RUN}",
        team(GEMINI, more="orchestrator: {vote: 1}\n"),
    ),
    ("argument --backend: invalid choice:", 2, '--backend google --model m "x"', None),
    ("error: unrecognized arguments:", 2, '--colour "x"', None),
    ("argument of type 'NoneType' is not iterable", 2, '--automation --backend openai "x"', None),
    ("Unknown model: foo-1", 2, '--automation --model foo-1 "x"', None),
    (
        "got multiple values for keyword argument 'api_key'",
        2,
        RUN,
        team("{type: gemini, model: gemini-2.5-flash, api_key: x}"),
    ),
    ("Unsupported backend type: inference", 1, RUN, team("{type: inference, model: m}")),
    ("Azure OpenAI API key not found.", 1, RUN, team("{type: azure_openai, model: gpt-4o}")),
    (
        "(filesystem support) require orchestrator configuration.",
        1,
        RUN,
        team("{type: gemini, model: m, cwd: w}"),
    ),
    (
        "Missing 'snapshot_storage' in orchestrator configuration.",
        1,
        RUN,
        team("{type: gemini, model: m, cwd: w}", more="orchestrator: {voting_sensitivity: strict}\n"),
    ),
    ("Context paths not found:", 1, '--automation --config team.yaml "Ask @alice"', team(GEMINI)),
    ("No module named 'massgen.schema_display'", 1, "--show-schema", None),
    ("Session 'nope' not found in registry", 1, '--session-id nope "x"', None),
    ("No continuable sessions found", 1, '--continue "x"', None),
    ("No plans found in .massgen/plans/", 1, f"--execute-plan latest {RUN}", team(GEMINI)),
    ("--step requires --session-dir", 1, f"--step {RUN}", team(GEMINI)),
    ("Agent 'zz' not found in config.", 1, f"--single-agent zz {RUN}", team(GEMINI)),
    ("--eval-criteria file not found:", 1, f"--eval-criteria nope.json {RUN}", team(GEMINI)),
    ("--plan-steps must be a positive integer", 2, '--plan --plan-steps 0 "x"', None),
    (
        "--broadcast human is not currently supported",
        1,
        f"--plan-and-execute --broadcast human {RUN}",
        team(GEMINI),
    ),
    ("No logs found in .massgen/massgen_logs", 1, "logs", None),
    ("GitHub CLI (gh) not found.", 1, "shares list", None),
    ("--config-backend and --config-model are required", 0, "--generate-config t.yaml", None),
    (
        "Backend 'openai' not available (no API key found).",
        0,
        "--generate-config t.yaml --config-backend openai --config-model gpt-4o-mini",
        None,
    ),
    ("No API keys found. Fill in", 0, "--quickstart --headless", None),
    ("unable to read CSS file", 0, "--setup", None),
    ("Codex CLI not found.", 2, RUN, team("{type: codex, model: gpt-5.4, cwd: w}", more=FILES)),
    ("Gemini CLI not found.", 2, RUN, team("{type: gemini_cli, model: m, cwd: w}", more=FILES)),
    (
        "Antigravity CLI ('agy') not found.",
        2,
        RUN,
        team("{type: antigravity_cli, model: m, cwd: w}", more=FILES),
    ),
]


@pytest.mark.parametrize(("message", "code", "command", "files"), BEFORE, ids=[row[0] for row in BEFORE])
def test_the_command_says_it_and_the_page_knows_it(tmp_path, message, code, command, files):
    keys = {} if "no API key" in message or "No API keys" in message else KEY
    ended = massgen(tmp_path, command, files, **keys)
    assert message in words(ended.text)
    assert ended.code == code
    assert message in page("fix/troubleshooting")


# --- /fix/troubleshooting: what the validator says

CHECKED = [
    # message, a configuration
    ("Config must be a dictionary/object", "text"),
    ("Config must have either 'agents' (list) or 'agent' (single agent)", "ui: {}"),
    ("Config cannot have both 'agents' and 'agent' fields", "{agents: [], agent: {}}"),
    ("V1 config format detected", "{models: [], agents: []}"),
    ("'agents' must be a list, got dict", "agents: {a: {}}"),
    ("Agent missing required field 'id'", "agents: [{backend: {type: gemini, model: m}}]"),
    ("Agent missing required field 'backend'", "agents: [{id: a}]"),
    ("Backend missing required field 'type'", "agents: [{id: a, backend: {model: m}}]"),
    ("Backend missing required field 'model'", "agents: [{id: a, backend: {type: openrouter}}]"),
    ("Unknown backend type: 'google'", "agents: [{id: a, backend: {type: google, model: m}}]"),
    ("Duplicate agent ID: 'a'", f"agents: [{{id: a, backend: {GEMINI}}}, {{id: a, backend: {GEMINI}}}]"),
    ("Agent 'id' must be a string, got int", f"agents: [{{id: 1, backend: {GEMINI}}}]"),
    (
        "requires 'cwd' to avoid writing config into the project root",
        "agents: [{id: a, backend: {type: codex, model: gpt-5.4}}]",
    ),
    (
        "in Docker mode requires 'command_line_docker_network_mode'",
        (
            "agents: [{id: a, backend: {type: codex, model: m, cwd: w, enable_mcp_command_line: true, "
            "command_line_execution_mode: docker}}]"
        ),
    ),
    (
        "Hostname not allowed for security reasons: localhost",
        (
            "agents: [{id: a, backend: {type: gemini, model: m, mcp_servers: "
            "[{name: x, type: streamable-http, url: 'http://localhost:8080/mcp'}]}}]"
        ),
    ),
    (
        "MCP command executable 'my-server' is not allowed",
        (
            "agents: [{id: a, backend: {type: gemini, model: m, mcp_servers: "
            "[{name: x, type: stdio, command: my-server}]}}]"
        ),
    ),
    (
        "Unknown orchestrator config key: 'vote'",
        f"{{agent: {{id: a, backend: {GEMINI}}}, orchestrator: {{vote: 1}}}}",
    ),
    (
        "Unknown coordination config key: 'plan'",
        f"{{agent: {{id: a, backend: {GEMINI}}}, orchestrator: {{coordination: {{plan: 1}}}}}}",
    ),
    (
        "Unknown timeout_settings key: 'timeout'",
        f"{{agent: {{id: a, backend: {GEMINI}}}, timeout_settings: {{timeout: 1}}}}",
    ),
    (
        "Invalid voting_sensitivity: 'medium'",
        f"{{agent: {{id: a, backend: {GEMINI}}}, orchestrator: {{voting_sensitivity: medium}}}}",
    ),
    (
        "Invalid coordination_mode: 'parallel'",
        f"{{agent: {{id: a, backend: {GEMINI}}}, orchestrator: {{coordination_mode: parallel}}}}",
    ),
    (
        "Invalid display_type: 'textual'",
        f"{{agent: {{id: a, backend: {GEMINI}}}, ui: {{display_type: textual}}}}",
    ),
    (
        "'async_subagents' has been removed.",
        f"{{agent: {{id: a, backend: {GEMINI}}}, orchestrator: {{coordination: {{async_subagents: {{}}}}}}}}",
    ),
    (
        "Invalid permission: 'rw'",
        (
            f"{{agent: {{id: a, backend: {GEMINI}}}, orchestrator: {{context_paths: "
            "[{path: ., permission: rw}]}}"
        ),
    ),
]


@pytest.mark.parametrize(("message", "text"), CHECKED, ids=[row[0] for row in CHECKED])
def test_the_validator_says_it_and_the_page_knows_it(message, text):
    assert message in "\n".join(host.findings(yaml.safe_load(text)))
    assert message in page("fix/troubleshooting")


# --- /fix/troubleshooting: what a run says

DURING = [
    # message, backend ({url} is a provider that refuses), status, more flags
    ("Error in stream_with_tools: 401 UNAUTHENTICATED", GEMINI, 401, ""),
    ("Error in stream_with_tools: 404 NOT_FOUND", "{type: gemini, model: nope-1}", 404, ""),
    (
        "Streaming error: Error code: 401",
        "{type: chatcompletion, model: m, base_url: '{url}/v1'}",
        401,
        "",
    ),
    (
        "Streaming error: Connection error.",
        "{type: vllm, model: m, base_url: 'http://127.0.0.1:9/v1'}",
        401,
        "",
    ),
    ("Extra inputs are not permitted", "{type: gemini, model: gemini-2.5-flash, temprature: 1}", 401, ""),
    (
        "got an unexpected keyword argument 'temprature'",
        "{type: vllm, model: m, base_url: '{url}/v1', temprature: 1}",
        401,
        "",
    ),
    ("Unknown criteria preset: 'zz'", GEMINI, 401, "--checklist-criteria-preset zz "),
    ("No answers available from any agents due to timeout.", GEMINI, 429, "--orchestrator-timeout 1 "),
    (
        "[Gemini] Rate limit (HTTP None) in initial_stream. Retry 1/5",
        GEMINI,
        429,
        "--orchestrator-timeout 1 ",
    ),
]


@pytest.mark.parametrize(("message", "backend", "status", "flags"), DURING, ids=[row[0] for row in DURING])
def test_a_run_says_it_ends_with_exit_code_0_and_the_page_knows_it(
    tmp_path, refusing, *, message, backend, status, flags
):
    url = f"{refusing}/{status}"
    keys = {"GOOGLE_GEMINI_BASE_URL": url, **KEY}
    ended = massgen(tmp_path, flags + RUN, team(backend.replace("{url}", url)), **keys)
    assert message in words(ended.text)
    assert message in page("fix/troubleshooting")
    assert ended.code == 0
    assert "ANSWER: " not in ended.text


def test_a_chatcompletion_agent_without_any_key_says_so(tmp_path):
    ended = massgen(
        tmp_path, RUN, team("{type: chatcompletion, model: m, base_url: 'http://127.0.0.1:9/v1'}")
    )
    message = "The api_key client option must be set either by passing api_key to the client"
    assert message in ended.text
    assert message in page("fix/troubleshooting")
    for last in (
        "Agent failed to use workflow tools after 3 attempts",
        "Unable to provide coordinated answer",
    ):
        assert last in ended.text
        assert last in page("fix/troubleshooting")


READ = [
    # message, the file of MassGen or of this repository that says it
    ("Failed to connect to Docker:", "massgen/filesystem_manager/_docker_manager.py"),
    ("The sudo image must be built locally.", "massgen/filesystem_manager/_docker_manager.py"),
    ("Already running inside Docker container", "massgen/filesystem_manager/_filesystem_manager.py"),
    ("MCP client setup failed, falling back to no-MCP", "massgen/backend/base_with_custom_tool_and_mcp.py"),
    ("Failed to install LM Studio CLI:", "massgen/backend/lmstudio.py"),
    ("OPENAI_API_KEY not found in environment - embedding will fail!", "massgen/cli/backends.py"),
    ("is used up. It resets at", "massgen_plugins/rate_limit/messages.py"),
    ("waiting about", "massgen_plugins/rate_limit/messages.py"),
    ("longer than the", "massgen_plugins/rate_limit/messages.py"),
    ("the provider refuses every call to", "massgen_plugins/rate_limit/messages.py"),
    ("less than the profile says", "massgen_plugins/rate_limit/messages.py"),
    ("runs without limits: no plugin knows this provider yet.", "massgen_plugins/host/enabling.py"),
    ("set it to 1 or 0, or remove it.", "massgen_plugins/host/switch.py"),
]


@pytest.mark.parametrize(("message", "file"), READ, ids=[row[0] for row in READ])
def test_a_message_that_cannot_be_provoked_here_is_in_the_source_and_on_the_page(message, file):
    library = Path(host.module("massgen").__file__).parents[1]
    base = ROOT if file.startswith("massgen_plugins") else library
    assert message in words((base / file).read_text(encoding="utf-8").replace('"\n', "\n"))
    assert message in page("fix/troubleshooting")


# --- /fix/first-day-problems: the cures


def test_day_one_the_key_in_the_home_directory_and_a_hand_written_file_replace_the_wizard(tmp_path, provider):
    lost = massgen(tmp_path, "--setup")
    assert "Setup cancelled or no changes made" in lost.text
    key = {".massgen/.env": "GEMINI_API_KEY=some-key\n"}
    found = massgen(tmp_path, RUN, team(GEMINI), key, GOOGLE_GEMINI_BASE_URL=provider)
    assert "ANSWER: " in found.text


def test_day_one_a_question_without_a_configuration_needs_a_model(tmp_path, provider):
    assert "No default configuration found." in massgen(tmp_path, '"What is 2+2?"', **KEY).text
    command = '--automation --model gemini-2.5-flash "What is 2+2?"'
    assert "ANSWER: " in massgen(tmp_path, command, **KEY, GOOGLE_GEMINI_BASE_URL=provider).text
    saved = {".massgen/config.yaml": team(GEMINI)["team.yaml"]}
    command = '--automation "What is 2+2?"'
    assert "ANSWER: " in massgen(tmp_path, command, saved, **KEY, GOOGLE_GEMINI_BASE_URL=provider).text


def test_day_one_the_type_is_the_backends_name_and_not_the_companys(tmp_path):
    wrong = massgen(tmp_path, "--validate team.yaml", team("{type: google, model: gemini-2.5-flash}"))
    assert (wrong.code, "Unknown backend type: 'google'" in wrong.text) == (1, True)
    right = massgen(tmp_path, "--validate team.yaml", team(GEMINI))
    assert (right.code, "✅ Configuration is valid!" in right.text) == (0, True)


def test_day_one_taking_the_key_out_of_the_yaml_cures_the_multiple_values(tmp_path, provider):
    wrong = massgen(tmp_path, RUN, team("{type: gemini, model: gemini-2.5-flash, api_key: some-key}"), **KEY)
    assert "got multiple values for keyword argument 'api_key'" in wrong.text
    right = massgen(tmp_path, RUN, team(GEMINI), **KEY, GOOGLE_GEMINI_BASE_URL=provider)
    assert "ANSWER: " in right.text


def test_day_one_only_the_line_answer_tells_that_there_is_an_answer(tmp_path, refusing, provider):
    out = f"--output-file answer.md {RUN}"
    failed = massgen(tmp_path, out, team(GEMINI), **KEY, GOOGLE_GEMINI_BASE_URL=f"{refusing}/401")
    assert (failed.code, "\nCOMPLETED: " in failed.text, "\nANSWER: " in failed.text) == (0, True, False)
    assert "401 UNAUTHENTICATED" in (failed.project / "answer.md").read_text()
    worked = massgen(tmp_path, out, team(GEMINI), **KEY, GOOGLE_GEMINI_BASE_URL=provider)
    assert (worked.code, "\nCOMPLETED: " in worked.text, "\nANSWER: " in worked.text) == (0, True, True)


def test_day_one_a_handle_in_the_question_needs_a_flag(tmp_path, provider):
    around = {"GOOGLE_GEMINI_BASE_URL": provider, **KEY}
    wrong = massgen(tmp_path, '--automation --config team.yaml "Ask @alice"', team(GEMINI), **around)
    assert (wrong.code, "Context paths not found:" in wrong.text) == (1, True)
    command = '--automation --no-parse-at-references --config team.yaml "Ask @alice"'
    assert "ANSWER: " in massgen(tmp_path, command, team(GEMINI), **around).text


def test_day_one_no_display_shows_the_answer_without_a_screen(tmp_path, provider):
    command = '--no-display --config team.yaml "What is 2+2?"'
    shown = massgen(tmp_path, command, team(GEMINI), **KEY, GOOGLE_GEMINI_BASE_URL=provider)
    assert (shown.code, "FINAL ANSWER:" in shown.text) == (0, True)


def test_ten_first_day_problems_are_numbered_on_the_page():
    text = (Path(__file__).parents[2] / "website/docs/fix/first-day-problems.mdx").read_text(encoding="utf-8")
    numbers = [int(number) for number in re.findall(r"^## (\d+)\. ", text, re.MULTILINE)]
    assert numbers == list(range(1, 11))
