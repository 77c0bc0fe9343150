"""S2: what settings of others (a cloned project's file, a team's YAML) can make this machine do or tell.

Judged, key by key, in ``JUDGED``; a new key fails here until somebody has judged it, too.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from .bed import bed, limits
from .server import CountingServer
from .spoiled_redis import SPOILED, SpoiledRedis

JUDGED = {
    "profile": "which limits hold; profiles themselves are read from the user's directories only",
    "disabled": "switches profiles off: the run stops with a sentence if none is left",
    "account": "under which name calls are counted: it can spend or spare a quota that is counted here",
    "models": "other limits: higher ones cost what the provider's own limit lets pass",
    "define": "profiles within the file itself: as models",
    "inherit": "leaves the user's settings aside, though not what they allow",
    "max_wait": "how long calls wait",
    "wait_for_day": "how long calls wait",
    "cooldown_mode": "how long calls wait",
    "safety_margin": "other limits: as models",
    "budget": "makes the user's own smaller, never larger; to raise one is refused in settings of others",
    "gateway": "agents in programs of their own go without limits: as models",
    "record": "whether calls are recorded; how long, and where, is refused in settings of others",
    "store": "a server: only one that the user has named. A file: private, and none that is there is changed",
    "announce": "agents' names are shown, events are kept: in the user's own state directory alone",
    "allow_stores": "refused in settings of others",
}

PASSWORD = "hunter2-the-users-own"


class Machine:
    """A user with a password in the environment, and a directory that was cloned from a stranger."""

    def __init__(self, folder: Path) -> None:
        self.home, self.project = folder / "home", folder / "cloned"
        self.settings = self.home / ".config" / "massgen-plugins" / "rate_limit.yaml"
        self.settings.parent.mkdir(parents=True)
        (self.project / ".massgen").mkdir(parents=True)

    def theirs(self, text: str) -> None:
        (self.project / ".massgen" / "rate_limit.yaml").write_text(text, "utf-8")

    def status(self, **more: str) -> subprocess.CompletedProcess[str]:
        secrets = {"MASSGEN_RATE_LIMIT_REDIS_PASSWORD": PASSWORD, "MASSGEN_RATE_LIMIT_REDIS_USERNAME": "user"}
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "MASSGEN"))}
        return subprocess.run(
            [sys.executable, "-c", "from massgen_plugins.cli import main; main()", "status"],
            cwd=self.project,
            env={**kept, "HOME": str(self.home), **secrets, **more},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.fixture
def stranger():
    """Takes down what it is sent."""
    with SpoiledRedis(0, SPOILED["nothing"]) as server:
        yield server


def test_every_key_of_the_settings_was_judged(machine: Machine) -> None:
    machine.theirs("zzzzqqqq: 1\n")
    known = re.search(r"known are (.*)\.", machine.status().stderr.replace("\n", " "))
    assert known is not None
    assert {each.strip() for each in known[1].split(",")} == set(JUDGED)


def test_a_strangers_file_gets_no_password(machine: Machine, stranger: SpoiledRedis) -> None:
    machine.theirs(f"store: {stranger.url}\n")
    ran = machine.status()
    assert stranger.received == b""
    assert ran.returncode == 2
    assert "allow_stores" in ran.stderr
    assert PASSWORD not in ran.stdout + ran.stderr


def test_nor_by_leaving_the_users_settings_aside(machine: Machine, stranger: SpoiledRedis) -> None:
    machine.settings.write_text("store: redis://127.0.0.1:1/0\n", "utf-8")
    machine.theirs(f"inherit: false\nstore: {stranger.url}\n")
    assert machine.status().returncode == 2
    assert stranger.received == b""


def test_nor_by_allowing_itself(machine: Machine, stranger: SpoiledRedis) -> None:
    machine.theirs(f"store: {stranger.url}\nallow_stores: ['{stranger.url}']\n")
    assert machine.status().returncode == 2
    assert stranger.received == b""


@pytest.mark.parametrize("how", ["own store", "own list", "environment"])
def test_a_server_that_the_user_has_named_may_be_named_by_others(
    machine: Machine, stranger: SpoiledRedis, how: str
) -> None:
    machine.theirs(f"store: {stranger.url}\n")
    server = stranger.url.removesuffix("/0")
    mine = {"own store": f"store: {server}/3\n", "own list": f"allow_stores: ['{server}']\n"}
    machine.settings.write_text(mine.get(how, "max_wait: 9\n"), "utf-8")
    named = {"MASSGEN_RATE_LIMIT_ALLOW_STORES": f"redis://other, {server}"} if how == "environment" else {}
    machine.status(**named)
    assert PASSWORD.encode() in stranger.received


def test_encrypted_is_not_the_same_server_as_in_the_clear(machine: Machine, stranger: SpoiledRedis) -> None:
    machine.settings.write_text(f"allow_stores: ['{stranger.url.replace('redis', 'rediss')}']\n", "utf-8")
    machine.theirs(f"store: {stranger.url}\n")
    assert machine.status().returncode == 2
    assert stranger.received == b""


@pytest.mark.parametrize("name", ["id_rsa", "notes.txt", "history.sqlite3"])
def test_a_file_that_is_no_store_stays_as_it_is(server: CountingServer, tmp_path: Path, name: str) -> None:
    """Else a stranger's file could move away any file of the user, or write tables into a database."""
    path = tmp_path / name
    if name.endswith("sqlite3"):
        import sqlite3

        with sqlite3.connect(path) as connection:
            connection.execute("CREATE TABLE visits (url TEXT)")
        connection.close()
    else:
        path.write_text("of the user\n" * 999, "utf-8")
    before = path.read_bytes()
    with bed(server, limits(path)) as process:
        assert process.calls(20) == 5
        assert [line for line in process.said if "is not a file of massgen-plugins" in line]
    assert path.read_bytes() == before
    beside = {each.name: each.read_bytes() for each in tmp_path.iterdir() if each.is_file()}
    assert beside.pop(f"{name}.lock", b"") == b""
    assert beside == {name: before}


@pytest.mark.parametrize("record", ["file: {}", "days: 1", "megabytes: 1"])
def test_what_was_recorded_is_not_theirs_to_move_or_remove(machine: Machine, record: str) -> None:
    letters = machine.home / "letters.txt"
    letters.write_text("of the user\n", "utf-8")
    machine.theirs(f"record: {{{record.format(letters)}}}\n")
    ran = machine.status()
    assert ran.returncode == 2
    assert "in your own settings only" in " ".join(ran.stderr.split())


def test_calls_are_recorded_in_the_users_own_directory_whatever_store_others_name(
    server: CountingServer, tmp_path: Path
) -> None:
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    with bed(server, limits(theirs / "quota.sqlite3")) as process:
        process.calls(1)
        from massgen_plugins.calls.record import close_all

        close_all()
    assert not list(theirs.glob("calls*"))
    assert list(Path.home().rglob("calls.sqlite3"))
