"""Each trap of /fix/known-traps, as it is in MassGen 0.1.97: a test that fails here is good news.

When one fails because MassGen was mended, take the trap from the page that it names, and the test with it.
"""

from __future__ import annotations

import ast
import importlib.metadata
import json
import re
from pathlib import Path

import pytest

from massgen_plugins import sandbox

from .checks import host
from .checks.places import ROOT
from .massgen_run import massgen, page, team

GEMINI = "{type: gemini, model: gemini-2.5-flash}"
RUN = '--automation --config team.yaml "What is 2+2?"'
KEY = {"GEMINI_API_KEY": "some-key"}


def mended(anchor):
    return f"mended, it seems: change website/docs/fix/known-traps.mdx#{anchor} and the pages that link to it"


def source(name):
    return (Path(host.module("massgen").__file__).parent / name).read_text(encoding="utf-8")


# --- the page itself


def test_every_trap_has_an_anchor_and_a_test_that_exists():
    text = (ROOT / "website/docs/fix/known-traps.mdx").read_text(encoding="utf-8")
    traps = re.findall(r"^### [^\n]* \{/\* #([a-z0-9-]+) \*/\}\n(.*?)(?=^##)", text, re.MULTILINE | re.DOTALL)
    assert len(traps) >= 60
    for anchor, body in traps:
        assert (said := complaint(body)) is None, f"{anchor}: {said}"


def complaint(trap):
    said = re.search(r"\*\*Test:\*\* (?:none[ ,]|(\w+), `([^`]+)`)", trap)
    if not said:
        return "names no test"
    if said[1] is None:
        return None
    file = Path(__file__).parent / f"test_{said[1]}.py"
    if not file.is_file() or said[2] not in file.read_text(encoding="utf-8"):
        return f"no test {said[2]!r} in {file.name}"
    return None


def test_a_trap_without_a_test_is_found():
    assert complaint("**Test:** keys, `no_such_test`.") == "no test 'no_such_test' in test_keys.py"
    assert complaint("**Test:** nobody, `no_such_test`.") == "no test 'no_such_test' in test_nobody.py"
    assert complaint("**Do instead:** nothing.") == "names no test"


# --- keys and setup


@pytest.mark.parametrize("command", ["--setup", ""])
def test_the_setup_wizard_does_not_start(tmp_path, command):
    ended = massgen(tmp_path, command)
    assert "unable to read CSS file" in ended.text, mended("setup-wizard")
    assert (ended.code, "Setup cancelled" in ended.text) == (0, True)


def test_the_headless_quickstart_reports_keys_that_are_not_there(tmp_path):
    ended = massgen(tmp_path, "--quickstart --headless")
    assert "OPENAI_API_KEY: available" in ended.text, mended("env-template")
    assert "STATUS: NEEDS_CONFIG" in ended.text
    assert "GEMINI_API_KEY=\n" in (ended.project / ".env").read_text()
    assert "reload with: source .env" in (ended.project / ".env").read_text()
    assert ended.code == 0


def test_the_quickstart_installs_a_program_for_everybody():
    assert '["npm", "install", "-g", "openskills"]' in source("utils/skills_installer.py"), mended(
        "quickstart-installs"
    )


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("claude_code", 'os.environ["ANTHROPIC_API_KEY"] = self.api_key'),
        ("codex", 'os.environ["OPENAI_API_KEY"] = self.api_key'),
    ],
)
def test_two_backends_write_their_key_into_the_environment(file, line):
    assert line in source(f"backend/{file}.py"), mended("key-in-the-process")


def test_the_package_asks_for_python_3_11():
    assert importlib.metadata.metadata("massgen")["Requires-Python"] == ">=3.11", mended("old-python")


# --- configuration


@pytest.mark.parametrize(
    "more",
    [
        {"agnets": []},
        {"agent": {"id": "a", "backend": {"type": "gemini", "model": "gemini-2.5-flash", "temprature": 1}}},
        {"agent": {"id": "a", "backend": {"type": "gemini", "model": "no-such-model"}}},
        {"agent": {"id": "a", "backend": {"type": "gemini", "model": "gemini-2.5-flash", "api_key": "x"}}},
    ],
    ids=["a misspelt top-level key", "a misspelt backend key", "a model that does not exist", "a key"],
)
def test_the_validator_is_blind_to(more):
    plain = {"agent": {"id": "a", "backend": {"type": "gemini", "model": "gemini-2.5-flash"}}}
    assert host.findings({**plain, **more}) == [], mended("validator-blind-spots")


@pytest.mark.parametrize("name", ["inference", "uitars"])
def test_a_registered_type_has_no_backend(name):
    assert host.findings({"agent": {"id": "a", "backend": {"type": name, "model": "m"}}}) == []
    backends = host.module("massgen.cli.backends")
    with pytest.raises(backends.ConfigurationError, match="Unsupported backend type"):
        backends.create_backend(name, model="m")  # mended? then /fix/known-traps#types-without-backend


def test_show_schema_has_no_module():
    with pytest.raises(ModuleNotFoundError, match=r"massgen\.schema_display"):
        host.module("massgen.schema_display")  # mended? then /fix/known-traps#show-schema


def test_flags_and_yaml_use_different_words():
    choices = {
        option: set(action.choices or ())
        for action in host.module("massgen.cli").main_parser()._actions
        for option in action.option_strings
    }
    assert choices["--coordination-mode"] == {"parallel", "decomposition"}, mended("two-words")
    assert choices["--display"] == {"rich", "textual"}, mended("two-words")
    assert "rw" in choices["--cwd-context"]
    agent = {"agent": {"id": "a", "backend": {"type": "gemini", "model": "gemini-2.5-flash"}}}
    refused = [{"orchestrator": {"coordination_mode": "parallel"}}, {"ui": {"display_type": "rich"}}]
    assert all(host.findings({**agent, **word}) for word in refused), mended("two-words")


def test_rich_terminal_in_yaml_is_replaced():
    text = source("cli/entrypoint.py")
    assert "display_type 'rich_terminal' is deprecated." in text, mended("rich-terminal")


def test_listed_example_names_are_not_found(tmp_path):
    listed = massgen(tmp_path, "--list-examples").text
    name = re.search(r"@examples/basic_multi\w+", listed)
    assert name, listed[:500]
    found = massgen(tmp_path, f'--automation --config {name[0]} "x"')
    assert "not found in package." in found.text, mended("example-names")


# --- runs


def test_the_announced_status_file_is_missing_or_unfinished_when_all_agents_fail(tmp_path):
    ended = massgen(tmp_path, RUN, team("{type: vllm, model: m, base_url: 'http://127.0.0.1:9/v1'}"))
    told = Path(re.search(r"^STATUS: (.+)$", ended.text, re.MULTILINE)[1])
    assert ended.code == 0, mended("exit-code-zero")
    reason = json.loads(told.read_text())["finish_reason"] if told.exists() else "in_progress"
    assert reason in {"in_progress", "error"}, mended("status-never-written")


def test_nobody_asks_for_a_terminal_before_the_screen_is_drawn():
    asked = [line for line in source("cli/entrypoint.py").splitlines() if "isatty" in line]
    assert len(asked) == 1, mended("no-terminal")  # the quickstart alone
    assert "headless" in asked[0]


def test_a_follow_up_is_unpacked_into_too_few_names():
    text = source("cli/run.py")
    given = re.search(r"def run_question_with_history\(.*?\) -> (tuple\[.*?\]):", text, re.DOTALL)[1]
    assert len(ast.parse(given, mode="eval").body.slice.elts) == 4
    for name in ("cli/run.py", "__init__.py"):
        taken = "response_text, _, _ = await run_question_with_history("
        assert taken in source(name), mended("follow-up-exits-1")


def test_columns_and_labels_are_numbered_differently(tmp_path):
    agents = "".join(f"  - {{id: {name}, backend: {GEMINI}}}\n" for name in ("writer", "checker"))
    with sandbox.SandboxProcess() as provider:
        files = {"team.yaml": f"agents:\n{agents}"}
        ended = massgen(tmp_path, RUN, files, **KEY, GOOGLE_GEMINI_BASE_URL=provider.url)
    table = ended.logged("coordination_table.txt")[0].read_text(encoding="utf-8")
    columns = [line.split("|")[2:4] for line in table.splitlines() if line.count("|") == 4]
    assert "Agent 1 (writer)" in columns[0][0]
    published = {"".join(re.findall(r"NEW ANSWER: (agent\d)", cell)) for cell, _ in columns}
    assert published == {"", "agent2"}, mended("two-numberings")


def test_gemini_retries_by_the_words_of_a_message():
    judge = host.module("massgen.backend.gemini")._is_retryable_gemini_error
    assert judge(Exception("the rate limit of my patience"), {429, 503})[0], mended("retry-by-words")
    unreachable = "Cannot connect to host 127.0.0.1:9 ssl:<ssl.SSLContext object at 0x7f{}e599eb0>"
    judged = [judge(Exception(unreachable.format(digits)), {429, 503})[0] for digits in ("429", "428")]
    assert judged == [True, False], mended("retry-by-words")


# --- rate limits


def test_the_yaml_switch_is_overwritten_by_the_flag():
    line = 'backend_config["enable_rate_limit"] = enable_rate_limit'
    assert line in source("cli/backends.py"), mended("rate-limit-in-yaml")


def test_only_gemini_reads_the_switch():
    backends = Path(host.module("massgen.backend").__file__).parent
    readers = [
        file.name
        for file in sorted(backends.glob("*.py"))
        if re.search(r"^\s+if enable_rate_limit", file.read_text(encoding="utf-8"), re.MULTILINE)
    ]
    assert readers == ["gemini.py"], mended("rate-limit-flag")


def test_nobody_records_tokens():
    package = Path(host.module("massgen").__file__).parent
    callers = [
        file.relative_to(package).as_posix()
        for file in package.rglob("*.py")
        if "record_tokens(" in file.read_text(encoding="utf-8", errors="ignore") and "tests" not in file.parts
    ]
    assert callers == ["backend/rate_limiter.py"], mended("token-limit")


def test_starts_are_delayed_by_fixed_seconds():
    text = source("orchestrator_collaborators/rate_limit_controller.py")
    assert "asyncio.sleep(" in text, mended("startup-delay")


def test_a_refusal_counts_as_a_full_context():
    judge = host.module("massgen.backend._context_errors").is_context_length_error
    assert judge(Exception("429 RESOURCE_EXHAUSTED")), mended("refusal-as-full-context")


def test_a_back_off_notice_is_content():
    text = source("backend/gemini.py")
    notice = text.split("after partial output. Retrying attempt", 1)[1][:600]
    assert 'type="content"' in notice, mended("backoff-in-answer")


def test_gemini_counts_more_tokens_than_the_server_saw(tmp_path):
    with sandbox.SandboxProcess() as provider:
        ended = massgen(tmp_path, RUN, team(GEMINI), **KEY, GOOGLE_GEMINI_BASE_URL=provider.url)
        seen = sum(provider.report().input_tokens.values())
    told = json.loads(Path(re.search(r"^STATUS: (.+)$", ended.text, re.MULTILINE)[1]).read_text())
    assert told["costs"]["total_input_tokens"] > 1.2 * seen, mended("tokens-counted-twice")


# --- backends, tools, open doors


def test_the_lm_studio_installer_is_a_list_with_a_pipe_in_it():
    line = '"linux": (["curl", "-sSL", "https://lmstudio.ai/install.sh", "|", "sh"], True)'
    assert line in source("backend/lmstudio.py"), mended("lmstudio-installer")


def test_docker_mode_without_its_library_stumbles_over_a_name():
    text = source("filesystem_manager/_docker_manager.py")
    assert "-> Container | None" in text, mended("docker-library")
    assert "from __future__ import annotations" not in text, mended("docker-library")


def test_a_subagent_is_started_by_uv():
    assert re.search(r'"uv",\s+"run",\s+"massgen"', source("subagent/manager.py")), mended(
        "subagents-unlimited"
    )


def test_the_server_listens_on_every_address():
    assert host.module("massgen.server.settings").ServerSettings().host == "0.0.0.0", mended("serve-open")


def test_export_goes_through_gists():
    assert "gh gist create" in source("share.py"), mended("export-uploads")


def test_the_registry_is_asked_at_the_start_of_the_tui():
    assert "warmup_mcp_registry_cache" in source("cli/run.py"), mended("registry-contact")


def test_the_pages_about_limits_and_first_days_link_to_the_traps():
    assert "/fix/known-traps#rate-limit-in-yaml" in page("fix/first-day-problems")
