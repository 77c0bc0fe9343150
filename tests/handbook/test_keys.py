"""What the pages under /keys say of MassGen 0.1.97, one sentence for each test."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from massgen_plugins import sandbox

from .checks import host
from .checks.places import ROOT
from .massgen_run import massgen, page, team

GEMINI = "{type: gemini, model: gemini-2.5-flash}"
OPENAI = "{type: openai, model: gpt-4o-mini}"
RUN = '--automation --config team.yaml "What is 2+2?"'
SECRET = "no-real-key-0001"
NOT_FOUND = "OpenAI API key not found. Set OPENAI_API_KEY environment variable."
_READ = """
import json, os
import massgen.cli.env as env
env.load_env_file()
print(json.dumps({n: v for n, v in os.environ.items() if n.startswith("T_")}))
"""


@pytest.fixture(scope="module")
def provider():
    with sandbox.SandboxProcess() as running:
        yield running.url


@pytest.fixture
def reads(tmp_path):
    """What MassGen's own reader of .env files puts into the environment, installed below ``venv``."""
    library = Path(host.module("massgen.cli.env").__file__).parent

    def read(files, venv="elsewhere/venv", **variables):
        package = tmp_path / venv / "massgen" / "cli"
        package.mkdir(parents=True)
        for name in ("env.py", "_constants.py"):
            (package / name).write_text((library / name).read_text())
        for empty in (package / "__init__.py", package.parent / "__init__.py"):
            empty.touch()
        for name, text in files.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text)
        (tmp_path / "project").mkdir(exist_ok=True)
        program = tmp_path / venv / "read.py"  # from a file: "python -c" counts as interactive
        program.write_text(_READ)
        around = {"PATH": os.defpath, "HOME": str(tmp_path / "home"), **variables}
        told = subprocess.run(
            [sys.executable, program], cwd=tmp_path / "project", env=around, check=True, capture_output=True
        )
        return json.loads(told.stdout)

    return read


# --- which file wins


def test_the_first_file_that_names_a_variable_wins(reads):
    order = ["elsewhere/venv/massgen/cli/.env", "home/.massgen/.env", "home/.config/massgen/.env"]
    order.append("project/configs/.env")
    files = {
        name: "".join(f"T_{number}={place}\n" for number in range(place + 1))
        for place, name in enumerate(order)
    }
    assert reads(files) == {"T_0": "0", "T_1": "1", "T_2": "2", "T_3": "3"}, (
        "the order of .env files changed: /keys/where-keys-are-read and /fix/known-traps#env-file-order"
    )


def test_what_the_shell_exports_beats_every_file(reads):
    assert reads({"home/.massgen/.env": "T_A=file\n"}, T_A="shell") == {"T_A": "shell"}


def test_an_empty_value_counts_as_set_and_hides_the_files_after_it(reads):
    files = {"home/.massgen/.env": "T_A=\n", "home/.config/massgen/.env": "T_A=key\n"}
    assert reads(files) == {"T_A": ""}


def test_the_env_file_of_the_working_directory_is_not_read(reads):
    assert reads({"project/.env": "T_A=project\n"}) == {}, (
        "./.env is read now: /keys/where-keys-are-read and /fix/known-traps#env-file-in-project"
    )


def test_an_env_file_above_the_virtual_environment_is_read(reads):
    assert reads({"project/.env": "T_A=project\n"}, venv="project/.venv/lib") == {"T_A": "project"}


def test_quotes_export_and_references_are_understood(reads):
    text = "export T_A='one two'\nT_B=${T_A}!\n# T_C=no\nT_D=x # comment\n"
    assert reads({"home/.massgen/.env": text}) == {"T_A": "one two", "T_B": "one two!", "T_D": "x"}


def test_with_the_environment_inside_the_project_its_env_file_wins_over_the_home_directory(tmp_path):
    library = tmp_path / "project" / ".venv" / "lib"
    library.mkdir(parents=True)
    (library / "massgen").symlink_to(Path(host.module("massgen").__file__).parent)
    (tmp_path / "home" / ".massgen").mkdir(parents=True)
    (tmp_path / "home" / ".massgen" / ".env").write_text("T_A=home\nT_B=home\n")
    (tmp_path / "project" / ".env").write_text("T_A=project\n")
    program = tmp_path / "read.py"
    program.write_text("import os, massgen.cli\nprint(os.environ['T_A'], os.environ['T_B'])\n")
    around = {"PATH": os.defpath, "HOME": str(tmp_path / "home"), "PYTHONPATH": str(library)}
    around["PYTHONWARNINGS"] = "ignore"
    told = subprocess.run(
        [sys.executable, program], cwd=tmp_path, env=around, check=True, capture_output=True, text=True
    )
    assert told.stdout.split()[-2:] == ["project", "home"]


def test_the_command_misses_a_key_that_is_only_in_the_working_directory(tmp_path):
    ended = massgen(tmp_path, RUN, {**team(OPENAI), ".env": f"OPENAI_API_KEY={SECRET}\n"})
    assert ended.code == 1
    assert NOT_FOUND in ended.text
    assert "  - Current directory: .env" in ended.text  # the advice that does not help


def test_the_command_finds_a_key_in_the_home_directory(tmp_path, provider):
    key = {".massgen/.env": f"GEMINI_API_KEY={SECRET}\n"}
    ended = massgen(tmp_path, RUN, team(GEMINI), key, GOOGLE_GEMINI_BASE_URL=provider)
    assert "COMPLETED: 1 agents" in ended.text
    assert "ANSWER: " in ended.text


# --- two names for one key


@pytest.mark.parametrize(
    ("module", "name", "winner"),
    [
        ("massgen.backend.gemini", "GeminiBackend", "google"),
        ("massgen.backend.antigravity_cli", "AntigravityCLIBackend", "gemini"),
        ("massgen.backend.gemini_cli", "GeminiCLIBackend", "gemini"),
    ],
)
def test_which_of_the_two_google_names_wins_depends_on_the_backend(module, name, winner):
    text = Path(host.module(module).__file__).read_text(encoding="utf-8")
    first = {"google": "GOOGLE_API_KEY", "gemini": "GEMINI_API_KEY"}[winner]
    other = {"google": "GEMINI_API_KEY", "gemini": "GOOGLE_API_KEY"}[winner]
    assert f"class {name}" in text
    assert text.index(f'os.getenv("{first}")') < text.index(f'os.getenv("{other}")')


def test_the_gemini_backend_sends_the_google_key_when_both_are_set(monkeypatch):
    monkeypatch.setenv("GOOGLE_API_KEY", "google")
    monkeypatch.setenv("GEMINI_API_KEY", "gemini")
    made = host.module("massgen.cli.backends").create_backend("gemini", model="gemini-2.5-flash")
    assert made.api_key == "google"


def test_an_unknown_address_of_a_chatcompletion_agent_is_sent_the_openai_key(monkeypatch):
    import openai

    monkeypatch.setenv("OPENAI_API_KEY", SECRET)
    make = host.module("massgen.cli.backends").create_backend
    made = make("chatcompletion", model="m", base_url="http://127.0.0.1:9/v1")
    assert made.api_key in (None, SECRET)
    assert openai.AsyncOpenAI(api_key=made.api_key, base_url="http://127.0.0.1:9/v1").api_key == SECRET


def test_a_local_server_of_type_vllm_needs_no_key_and_gets_the_word_empty(monkeypatch):
    for name in ("OPENAI_API_KEY", "VLLM_API_KEY", "SGLANG_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    make = host.module("massgen.cli.backends").create_backend
    assert make("vllm", model="m").api_key == "EMPTY"
    assert make("vllm", model="m").config["base_url"] == "http://localhost:8000/v1"
    assert make("sglang", model="m").config["base_url"] == "http://localhost:30000/v1"


def test_a_vllm_agent_answers_from_a_local_address_without_any_key(tmp_path, provider):
    local = f"{{type: vllm, model: qwen, base_url: '{provider}/v1'}}"
    ended = massgen(tmp_path, RUN, team(local))
    assert "ANSWER: " in ended.text


# --- what ends in the logs


def leaks(ended, secret=SECRET):
    found = [
        file for file in ended.logged("*") if file.is_file() and secret in file.read_text(errors="replace")
    ]
    return sorted({file.name for file in found})


def test_a_key_from_the_environment_is_in_no_file_not_even_with_debug(tmp_path, provider):
    for name, flag in (("plain", ""), ("debug", "--debug ")):
        (tmp_path / name).mkdir()
        keys = {"GEMINI_API_KEY": SECRET, "GOOGLE_GEMINI_BASE_URL": provider}
        ended = massgen(tmp_path / name, flag + RUN, team(GEMINI), **keys)
        assert "ANSWER: " in ended.text
        assert leaks(ended) == []


def test_a_key_written_into_the_yaml_is_copied_into_the_logs_even_of_a_run_that_fails(tmp_path):
    ended = massgen(tmp_path, RUN, team(f"{{type: gemini, model: gemini-2.5-flash, api_key: {SECRET}}}"))
    assert ended.code == 2
    assert "got multiple values for keyword argument 'api_key'" in ended.text
    assert leaks(ended) == ["execution_metadata.yaml"], "/fix/known-traps#api-key-in-yaml"


def test_a_reference_stays_a_reference_in_the_logs_unless_debug_is_on(tmp_path):
    config = team(GEMINI, more="note: '${T_SECRET}'\n")
    for name, flag, expected in (("plain", "", []), ("debug", "--debug ", ["massgen_debug.log"])):
        (tmp_path / name).mkdir()
        ended = massgen(tmp_path / name, flag + RUN, config, T_SECRET=SECRET)
        assert leaks(ended) == expected, "/keys/keep-keys-safe and /fix/known-traps#debug-writes-secrets"


def test_streamed_text_is_redacted_by_shape_and_by_name():
    redact = host.module("massgen.utils.redact_secrets").redact_secrets_in_text
    shaped = "sk" + "-" + "a" * 24
    assert shaped not in redact(f"the key is {shaped}")
    assert SECRET not in redact(f"MY_API_KEY={SECRET}")
    assert SECRET in redact(f"the key is {SECRET}")


def test_the_pages_name_every_file_of_the_order():
    text = page("keys/where-keys-are-read")
    for name in ("~/.massgen/.env", "~/.config/massgen/.env", "./configs/.env", "./.env"):
        assert name in text
    assert (ROOT / "website" / "docs" / "keys" / "keep-keys-safe.mdx").exists()
