"""Every command as a new user may meet it: no store, a damaged one, one in use, 40 columns, a pipe."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from massgen_plugins.cli.app import build_app
from tests.cli.conftest import SCRIPT, waiting_call

TEAM = "agents:\n- id: a\n  backend: {type: gemini, model: gemini-2.5-flash}\n"
FLASH = "gemini-2.5-flash"

# The command line, and its exit code with no store, with a damaged one, and with a server that is away.
TABLE = {
    ("status",): (0, 1, 1),
    ("line",): (0, 1, 1),
    ("watch", "--until-idle"): (0, 1, 1),
    ("history",): (0, 0, 0),
    ("why",): (0, 0, 0),
    ("report", "-"): (2, 2, 2),
    ("profiles",): (0, 0, 0),
    ("profiles", "list"): (0, 0, 0),
    ("profiles", "show", "gemini-seed"): (0, 0, 0),
    ("profiles", "use", "gemini-tier1"): (0, 0, 0),
    ("profiles", "set", FLASH, "rpm=5"): (0, 0, 0),
    ("profiles", "unset", FLASH): (2, 2, 2),
    ("cost",): (0, 0, 0),
    ("cost", "why", "last"): (2, 2, 2),
    ("cost", "export"): (0, 0, 0),
    ("cost", "report", "page.html"): (0, 0, 0),
    ("budget",): (0, 1, 1),
    ("budget", "show"): (0, 1, 1),
    ("budget", "check"): (0, 1, 1),
    ("budget", "set", "day=1"): (0, 0, 0),
    ("budget", "raise", "1", "--yes"): (0, 0, 0),
    ("budget", "reset", "shared", "--yes"): (0, 1, 1),
    ("limits",): (0, 0, 0),
    ("limits", "--origin"): (0, 0, 0),
    ("plan", "team.yaml"): (0, 0, 0),
    ("forget", FLASH, "-y"): (0, 1, 1),
    ("penalty", "clear", FLASH, "-y"): (0, 1, 1),
    ("set", FLASH, "rpm=4", "--yes"): (0, 0, 0),
    ("unset", FLASH): (2, 2, 2),
    ("unset", "all"): (0, 0, 0),
    ("pause",): (0, 0, 0),
    ("resume",): (0, 0, 0),
    ("metrics",): (0, 0, 0),
    ("doctor", "--quick"): (0, 1, 1),
    ("schema",): (0, 0, 0),
    ("help",): (0, 0, 0),
    ("version",): (0, 0, 0),
}
GOES_ON = {("plan", "team.yaml")}
"""They say what is wrong with the store, and do without it."""

ELSEWHERE = {"run", "demo", "init"}
"""They start MassGen or a sandbox: ``test_run``, ``tests/demo``, ``test_init``."""

VIEWS = [
    *((name,) for name in ("status", "history", "why", "profiles", "cost", "budget", "limits")),
    ("profiles", "show", "gemini-seed"), ("limits", "--origin"), ("plan", "team.yaml"), ("doctor", "--quick"),
]  # fmt: skip
"""They lay out more than sentences, which a terminal folds by itself."""


@pytest.fixture(autouse=True)
def team():
    Path("team.yaml").write_text(TEAM)


def one_sentence(ran):
    assert "Traceback" not in ran.out + ran.err
    assert ran.err.count("\n") <= 2


WITHOUT_MASSGEN = """
import json, sys
from typer.testing import CliRunner
lines, *brought = json.loads(sys.argv[1])
sys.modules.update(dict.fromkeys(brought))  # which makes importing them fail
from massgen_plugins.cli.app import build_app
for line in lines:
    error = CliRunner().invoke(build_app(), line, prog_name="massgen-rl").exception
    if error is not None and not isinstance(error, SystemExit):
        print(line, repr(error))
"""
"""Runs each command line where packages are missing; prints what goes wrong."""
BROUGHT = ("massgen", "aiohttp", "httpx", "httpx2", "requests", "websockets", "google", "openai", "anthropic")
"""Packages that only come with MassGen."""


def test_no_command_but_those_that_start_massgen_needs_its_packages():
    asked = json.dumps([[line for line in TABLE if line != ("metrics",)], *BROUGHT])
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_MASSGEN, asked], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


@pytest.mark.parametrize(
    ("brought", "line", "wanted"),
    [
        ("prometheus_client", ("metrics",), '"massgen-plugins[metrics]"'),
        ("pyarrow", ("cost", "export", "--format", "parquet", "-o", "calls.parquet"), "pyarrow"),
    ],
)
def test_a_missing_package_is_named_with_the_command_for_this_environment(
    rl, monkeypatch, brought, line, wanted
):
    monkeypatch.setitem(sys.modules, brought, None)
    monkeypatch.setattr("massgen_plugins.installation._installer", lambda: "uv pip install --python /here")
    ran = rl(*line)
    assert ran.code == 2
    assert f"run `uv pip install --python /here {wanted}`." in ran.err


def test_the_module_is_the_command():
    done = subprocess.run(
        [sys.executable, "-m", "massgen_plugins", "--version"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout.split()[0]) == (0, "massgen-plugins")


def test_every_command_is_tried():
    app = build_app()
    known = {each.name or each.callback.__name__.strip("_") for each in app.registered_commands}
    known |= {each.name for each in app.registered_groups}
    assert known == {words[0] for words in TABLE} | ELSEWHERE


@pytest.mark.parametrize("words", TABLE, ids=" ".join)
def test_nothing_was_ever_done_here(rl, words):
    ran = rl(*words)
    assert ran.code == TABLE[words][0]
    one_sentence(ran)


@pytest.mark.parametrize("words", TABLE, ids=" ".join)
def test_the_store_is_damaged(rl, spend, store_file, words):
    spend()
    store_file.write_bytes(store_file.read_bytes()[: 4096 + 100])
    ran = rl(*words)
    assert ran.code == TABLE[words][1]
    one_sentence(ran)
    assert ("is damaged" in ran.err + ran.out) is (TABLE[words][1] == 1 or words in GOES_ON)


@pytest.mark.parametrize("words", TABLE, ids=" ".join)
def test_the_server_is_away(rl, settings_file, words):
    settings_file.parent.mkdir(parents=True)
    settings_file.write_text("store: redis://127.0.0.1:1/0\n")
    ran = rl(*words)
    assert ran.code == TABLE[words][2]
    one_sentence(ran)
    assert ("no connection" in ran.err + ran.out) is (TABLE[words][2] == 1 or words in GOES_ON)


@pytest.mark.parametrize("words", VIEWS, ids=" ".join)
def test_forty_columns_hold_every_line_of_a_view(rl, spend, run_goes_on, words):
    spend(calls=11)
    run_goes_on(waiting_call("Ada", 23.0))
    ran = rl(*words, env={"COLUMNS": "40"})
    one_sentence(ran)
    assert ran.out or ran.err
    assert [line for line in ran.out.splitlines() if len(line) > 40] == []


def test_three_processes_use_the_store(rl, spend, store_file):
    spend()
    code = (
        "import sys; sys.path.insert(0, sys.argv[2])\n"
        "from pathlib import Path\n"
        "from massgen_plugins.rate_limit.stores.sqlite import SqliteStore\n"
        "from tests.cli.conftest import spend_in\n"
        "store = SqliteStore(Path(sys.argv[1]))\n"
        "print('ready', flush=True)\n"
        "while True: spend_in(store)\n"
    )
    command = [sys.executable, "-c", code, str(store_file), str(Path(__file__).parents[2])]
    writers = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    try:
        assert [writer.stdout.readline() for writer in writers] == ["ready\n"] * 3
        for words, (code, _, _) in TABLE.items():
            if words != ("watch", "--until-idle"):
                ran = rl(*words)
                assert ran.code in (code, 0), words
                one_sentence(ran)
    finally:
        for writer in writers:
            writer.kill()
            writer.communicate()


@pytest.mark.parametrize("words", [("status",), ("limits",), ("cost", "export"), ("schema",)], ids=" ".join)
def test_a_pipe_that_is_closed_early_is_no_error(spend, words):
    spend()
    done = subprocess.run(
        f"{SCRIPT} {' '.join(words)} | head -c 1 >/dev/null; exit ${{PIPESTATUS[0]}}",
        shell=True,
        executable="/bin/bash",
        env=dict(os.environ),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (0, 141)  # all was written before, or as elsewhere
    assert done.stderr == ""
