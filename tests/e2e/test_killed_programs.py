"""Real programs that are killed while they wait and while they stream, and MassGen killed around one."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
from harness import User
from programs import PROGRAMS

from massgen_plugins.live.presence import read_all
from massgen_plugins.sandbox import Network, Quota, QuotaKind, SandboxConfig, SandboxProcess
from tests.gateway.patience import commands

pytestmark = pytest.mark.e2e

SCRIPT = Path(__file__).with_name("limited_program.py")
SECONDS = 20
LISTENS = "0A"
NAMES = ["claude_code", "codex"]


@pytest.mark.parametrize("name", NAMES)
def test_a_program_that_is_killed_while_it_waits_leaves_its_place_to_the_next(folder, name):
    program = PROGRAMS[name]
    quota = Quota(QuotaKind.REQUESTS, 1, window=SECONDS)
    with SandboxProcess(SandboxConfig(quotas={"*": (quota,)}, announce=False)) as server:
        with _limited(folder, server, program) as (user, start):
            assert start("first").wait(120) == 0
            waits = start("second")
            _until(lambda: _waiting(user))
            _kill(waits)
            _until(lambda: not _waiting(user))
            assert start("third").wait(120) == 0
        report = server.report()
    first, third = report.requests
    assert report.refused == 0
    # One window and what the limiter adds for the way; a place that was lost would cost another window.
    assert SECONDS <= third.arrived - first.arrived < 2 * SECONDS


@pytest.mark.parametrize("name", NAMES)
def test_a_program_that_is_killed_while_it_streams_holds_nothing(folder, name):
    """One call at a time: its place is held until the stream's end, which would come after ten minutes."""
    program = PROGRAMS[name]
    with SandboxProcess(SandboxConfig(network=Network(chunk=60), chunks=10)) as server:
        limit = {"kind": "concurrent", "amount": 1, "window": "held"}
        with _limited(folder, server, program, limit) as (_, start):
            streams = start("first")
            _until(lambda: server.report().arrived == 1)
            _kill(streams)
            _kill(start("second"), after=lambda: server.report().arrived == 2)


def test_nothing_listens_after_a_massgen_that_was_killed(folder):
    program = PROGRAMS["claude_code"]
    with (
        SandboxProcess(program.config(1, 60)) as server,
        program.user(folder, server.url) as user,
        user.start(program.team(2, rate_limit=program.declare(user, 1, 60)), forked=False) as run,
    ):
        _until(lambda: _waiting(user), 600)
        [massgen] = [each.pid for each in read_all(_live(user))]
        ports = _ports_of(massgen)
        children = _descendants(massgen)
        assert ports
        assert children
        os.kill(massgen, signal.SIGKILL)
        run.wait(60)
        for port in ports:
            assert not _listens(port)
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection(("127.0.0.1", port), 5)
        for child in children:  # MassGen's own, which nobody else ends
            _end(child)


def _live(user):
    return user.store.parent / "live"


def _waiting(user):
    return any(pool.waiting for pool in user.pools())


@contextmanager
def _limited(folder, server, program, limit=None):
    """A gateway with limits, and a function that starts the real program through it."""
    user = User(folder, server.url)
    program.declare(user, 1, SECONDS, limit=limit)
    with user.command("python", str(SCRIPT), server.url, program.type) as gateway:
        gateway.stdout.wait_for("http://")
        base = gateway.stdout.text.strip()
        started = []

        def start(name):
            home = folder / name
            home.mkdir()
            command, more = commands(base, home)[program.type]
            environment = {**user.environment, "HOME": str(home), **more}
            started.append(_start(command, home, environment))
            return started[-1]

        try:
            yield user, start
        finally:
            for each in started:
                _kill(each)


def _start(command, home, environment):
    nowhere = subprocess.DEVNULL
    return subprocess.Popen(
        command,
        cwd=home,
        env=environment,
        stdin=nowhere,
        stdout=nowhere,
        stderr=nowhere,
        start_new_session=True,
    )


def _kill(process, after=lambda: True):
    """With its children: the npm programs start another one."""
    _until(after)
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(30)


def _until(true, within=300.0):
    end = time.monotonic() + within
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)


def _ports_of(pid):
    """On which a process listens at 127.0.0.1."""
    sockets = set()
    for handle in Path(f"/proc/{pid}/fd").iterdir():
        try:
            sockets |= set(re.findall(r"socket:\[(\d+)\]", str(handle.readlink())))
        except OSError:  # it is closed again
            continue
    return [port for port, inode in _listening() if inode in sockets]


def _listens(port):
    return any(port == each for each, _ in _listening())


def _listening():
    lines = Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]
    rows = [line.split() for line in lines]
    return [(int(row[1].partition(":")[2], 16), row[9]) for row in rows if row[3] == LISTENS]


def _descendants(pid):
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text(encoding="utf-8", errors="replace").rpartition(") ")[2].split()
        except OSError:
            continue
        if int(fields[1]) == pid:
            child = int(stat.parent.name)
            found += [child, *_descendants(child)]
    return found


def _end(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
