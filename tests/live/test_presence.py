"""The record that each process keeps of itself, and what readers make of broken and hostile ones."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from dataclasses import replace

import pytest

from massgen_plugins.live.identity import birth_of, machine
from massgen_plugins.live.presence import (
    MAX_BYTES,
    Counters,
    Presence,
    WaitingCall,
    live_directory,
    parse,
    read_all,
)
from massgen_plugins.live.writer import PresenceFile

WAITING = WaitingCall(
    7,
    "run1",
    "agent_4",
    "gemini-2.5-flash",
    "gemini",
    "mine",
    "",
    100.0,
    161.0,
    1,
    "4 requests per minute",
    "limit",
)
RECORD = Presence(0, "run1", "/home/u/team.yaml", "/home/u", 90.0, 101.0, Counters(calls=3), (WAITING,))


@pytest.fixture
def directory(tmp_path):
    return tmp_path / "state" / "live"


def test_a_record_is_read_as_it_was_written(directory):
    PresenceFile(directory).write(RECORD)
    (found,) = read_all(directory)
    assert replace(found, pid=0, machine="", birth=0) == RECORD
    assert found.pid == os.getpid()


def test_only_the_user_may_read_it(directory):
    PresenceFile(directory).write(RECORD)
    (path,) = directory.iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700


def test_what_has_not_changed_is_not_written_again(directory):
    file = PresenceFile(directory)
    file.write(RECORD)
    (path,) = directory.iterdir()
    before = path.stat().st_ino
    file.write(replace(RECORD, written=102.0))
    assert path.stat().st_ino == before
    file.write(replace(RECORD, written=103.0, waiting=()))
    assert read_all(directory)[0].waiting == ()


def test_it_is_gone_when_the_process_ends(directory):
    file = PresenceFile(directory)
    file.write(RECORD)
    file.remove()
    assert read_all(directory) == []
    assert list(directory.iterdir()) == []


def test_a_killed_process_is_not_shown_and_its_record_goes(directory):
    child = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True
    )
    pid = int(child.stdout)
    directory.mkdir(parents=True)
    dead = replace(RECORD, pid=pid, machine=machine(), birth=1)
    (directory / f"{pid}-abcd.json").write_text(dead.as_json())
    assert read_all(directory) == []
    PresenceFile(directory).write(RECORD)
    assert [each.pid for each in read_all(directory)] == [os.getpid()]
    assert len(list(directory.iterdir())) == 1


@pytest.mark.parametrize(
    "wrong",
    [{"machine": "another boot"}, {"birth": birth_of(os.getpid()) + 1}, {"pid": 2**62}, {"pid": -1}],
    ids=["boot", "a number used again", "no such number", "all processes"],
)
def test_a_number_that_now_means_another_process_is_not_shown(directory, wrong):
    own = replace(RECORD, pid=os.getpid(), machine=machine(), birth=birth_of(os.getpid()))
    directory.mkdir(parents=True)
    path = directory / "1-abcd.json"
    path.write_text(own.as_json())
    assert len(read_all(directory)) == 1
    path.write_text(replace(own, **wrong).as_json())
    assert read_all(directory) == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "{}",
        '{"format": 1}',
        '{"format": 2, "pid": 3}',
        "{" * 100_000,
        '{"format": 1, "pid": "x"}',
    ],
)
def test_what_is_no_record_is_none(text):
    assert parse(text) is None


def test_values_of_a_wrong_type_are_replaced():
    raw = json.loads(replace(RECORD, pid=1).as_json())
    raw |= {"run": 5, "team": "\x1b[2J" + "x" * 1_000, "started": "soon", "counters": [1], "birth": 1e400}
    raw["waiting"] = [
        None,
        {"agent": {}, "until": True, "since": float("nan"), "place": "1"},
        *raw["waiting"],
    ]
    made = parse(json.dumps(raw))
    assert (made.run, made.started, made.counters, made.birth) == ("", 0.0, Counters(), 0)
    assert made.team.startswith("?[2J")
    assert len(made.team) == 300
    assert [each.agent for each in made.waiting] == ["", "agent_4"]
    assert (made.waiting[0].until, made.waiting[0].since, made.waiting[0].place) == (0.0, 0.0, 0)


def test_no_file_in_the_directory_can_stop_a_reader(directory):
    PresenceFile(directory).write(RECORD)
    (directory / "1-a.json").write_bytes(b"\xff\xfe")
    (directory / "2-a.json").write_text("x" * (MAX_BYTES + 1))
    (directory / "3-a.json").mkdir()
    (directory / "4-a.json").symlink_to("/etc/passwd")
    os.mkfifo(directory / "5-a.json")
    (directory / "6-a.json").touch(mode=0)
    assert [each.pid for each in read_all(directory)] == [os.getpid()]


def test_without_a_directory_nobody_runs(directory, monkeypatch):
    assert read_all(directory) == []
    directory.parent.mkdir(parents=True)
    directory.write_text("in its place")
    assert read_all(directory) == []
    assert live_directory().name == "live"
