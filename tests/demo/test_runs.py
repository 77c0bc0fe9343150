"""The demo from start to end, with a command in place of MassGen that takes no time; with it: tests/e2e."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from contextlib import suppress

import pytest

from massgen_plugins.demo import examples, host_run, main
from massgen_plugins.demo.progress import Progress

ASKS = """
import os, sys, urllib.error, urllib.request
url = os.environ["GOOGLE_GEMINI_BASE_URL"] + "/v1beta/models/gemini-2.5-flash:generateContent?key=k"
body = b'{"contents": [{"parts": [{"text": "hello"}]}]}'
for _ in range(12):
    try:
        urllib.request.urlopen(urllib.request.Request(url, body)).read()
    except urllib.error.HTTPError as error:
        error.close()
        print("Retry 1/5, backing off...", file=sys.stderr)
print("COMPLETED: 6 agents, 1.5s total")
"""

LINGERS = """
import os, pathlib, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
pathlib.Path("pids").write_text(f"{os.getpid()} {child.pid}\\n")
time.sleep(600)
"""


@pytest.fixture
def massgen_is(tmp_path, monkeypatch):
    """Puts a program into the place of the ``massgen`` command."""

    def replace(program):
        script, command = tmp_path / "program.py", tmp_path / "massgen"
        script.write_text(program)
        command.write_text(f"#!/bin/sh\nexec {shlex.quote(sys.executable)} {shlex.quote(str(script))}\n")
        command.chmod(0o755)
        monkeypatch.setattr(host_run, "_massgen", lambda: str(command))

    return replace


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    """Where the demo makes its temporary directories."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder


def is_alive(pid):
    with suppress(ProcessLookupError):
        os.kill(pid, 0)
        state = subprocess.run(
            ["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False
        )
        return bool(state.stdout.strip()) and not state.stdout.startswith("Z")
    return False


def test_comparison_of_two_runs(massgen_is, temporary, capsys):
    massgen_is(ASKS)
    exit_code = main(as_json=True)
    out, err = capsys.readouterr()
    document = json.loads(out)
    run = document["without"]
    assert (run["requests"], run["refused"], run["back_offs"], run["completed"]) == (12, 2, 2, 1.5)
    assert exit_code == 1, "nothing limited the run with the switch"
    assert "had no effect" in document["verdict"]
    assert "+    enable_rate_limit: true" in err
    assert "without the switch: " in err
    assert " | with the switch: " in err
    assert list(temporary.iterdir()) == []


def test_its_limits_are_the_sandboxs(massgen_is, temporary, capsys):
    massgen_is(ASKS)
    main(rpm=3, as_json=True)
    assert json.loads(capsys.readouterr().out)["without"]["refused"] == 9


def test_for_people(massgen_is, temporary, capsys):
    massgen_is(ASKS)
    main()
    assert "of these refused (429)" in capsys.readouterr().out


def test_a_massgen_that_fails_is_quoted(massgen_is, temporary, capsys):
    massgen_is("raise SystemExit('a sad end')")
    assert main() == 1
    assert "a sad end" in capsys.readouterr().out


@pytest.mark.parametrize("rpm", [0, -1, 1001])
def test_impossible_limits(rpm, capsys):
    assert main(rpm=rpm) == 2
    assert "--rpm" in capsys.readouterr().out


def test_unknown_example(capsys):
    assert main(example="none") == 2
    assert examples.DEFAULT_EXAMPLE in capsys.readouterr().out


def test_without_massgen(monkeypatch, capsys):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert main() == 2
    assert '"massgen-plugins[massgen]"' in capsys.readouterr().out


def test_interrupted_it_leaves_no_process_and_no_file(massgen_is, temporary, monkeypatch, capsys):
    massgen_is(LINGERS)
    pids = []

    def interrupt_when_started(self, snapshots):
        files = list(temporary.glob("*/*/work/pids"))
        pids[:] = [int(pid) for file in files for pid in file.read_text().split()]
        if len(pids) == 4:
            raise KeyboardInterrupt

    monkeypatch.setattr(Progress, "show", interrupt_when_started)
    assert main() == 130
    assert len(pids) == 4
    assert not any(is_alive(pid) for pid in pids)
    assert list(temporary.iterdir()) == []


def test_termination_is_an_interruption(massgen_is, temporary, monkeypatch, capsys):
    massgen_is(LINGERS)
    monkeypatch.setattr(Progress, "show", lambda self, snapshots: os.kill(os.getpid(), 15))
    assert main() == 130
    assert list(temporary.iterdir()) == []
