"""S15: closed streams, full disks and odd terminals get a sentence; nothing of a file moves the cursor."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path

import pytest

from massgen_plugins.quota import Domain, Pool
from massgen_plugins.rate_limit.messages import describe_wait
from massgen_plugins.rate_limit.verdict import Blocker, Reason

from .command_line import PROGRAM, environment, rl

COMMANDS = ["profiles", "profiles --json", "--version", "--help"]


def shell(folder: Path, line: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", "-c", f"{shlex.join(PROGRAM)} {line}"],
        cwd=folder,
        env=environment(folder),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(("where", "why"), [(">&-", "closed"), (">/dev/full", "No space left")])
def test_a_result_that_cannot_be_written_is_said(tmp_path: Path, command: str, where: str, why: str) -> None:
    ran = shell(tmp_path, f"{command} {where}")
    assert ran.returncode == 1
    assert why in ran.stderr
    assert len(ran.stderr.splitlines()) == 1


@pytest.mark.parametrize("where", ["2>&-", "2>/dev/full", ">/dev/full 2>/dev/full", ">&- 2>&-", "| true"])
def test_nowhere_to_complain(tmp_path: Path, where: str) -> None:
    ran = shell(tmp_path, f"profiles {where}")
    assert "Traceback" not in ran.stdout + ran.stderr
    assert "Exception ignored" not in ran.stderr


@pytest.mark.parametrize("columns", ["²", "", "-3", "٣", "wide", "9" * 30])
def test_a_width_that_is_none(tmp_path: Path, columns: str) -> None:
    ran = rl(tmp_path, "profiles", COLUMNS=columns)
    assert ran.returncode == 0
    assert "gemini" in ran.stdout


def test_control_characters_of_a_key_are_spelled_out(tmp_path: Path) -> None:
    (tmp_path / ".massgen").mkdir()
    text = '"\\e[31m\\a\\u202e": 1\n'
    (tmp_path / ".massgen" / "rate_limit.yaml").write_text(text, "utf-8")
    ran = rl(tmp_path, "status")
    assert ran.returncode == 2
    assert all(letter.isprintable() or letter == "\n" for letter in ran.stderr)
    assert "[31m" in ran.stderr


@pytest.mark.parametrize("seconds", [0, 0.2, 0.999])
def test_below_a_second_no_number_is_said(seconds: float) -> None:
    pool = Pool(Domain("gemini", "a"), "m")
    assert "0 s" not in describe_wait(pool, Blocker(Reason.QUEUE, "m", 0), seconds, 0)
