"""Only the program that was told the path may use it; everybody else learns nothing and reaches nobody."""

from __future__ import annotations

import os
import pwd
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from massgen_plugins.gateway import guard, owner

from .upstream import Upstream, exchange

OTHERS = {
    "another path": lambda base: (re.sub(r"/[^/]+$", "/" + "A" * 32, base) + "/v1/messages", ()),
    "no path": lambda base: (base.rpartition("/")[0] + "/", ()),
    "only the secret's beginning": lambda base: (base[:-1] + "/v1/messages", ()),
    "another name of this machine": lambda base: (base + "/v1/messages", ("Host: evil.example:80",)),
    "localhost": lambda base: (base + "/v1/messages", ("Host: localhost",)),
    "a web page": lambda base: (base + "/v1/messages", ("Origin: http://evil.example",)),
}


@pytest.mark.parametrize("who", OTHERS)
async def test_everybody_else_gets_404(enter, who):
    async with Upstream() as upstream:
        url, lines = OTHERS[who](enter(upstream.url))
        line, _, body = await exchange(url, *lines, body=b"{}")
        assert (line, body) == ("HTTP/1.1 404 Not Found", b"Not found.\n")
        assert not upstream.got


async def test_another_user_of_this_machine_gets_404_even_with_the_path(enter, monkeypatch):
    async with Upstream() as upstream:
        url = enter(upstream.url) + "/v1/messages"
        mine = guard.os.getuid()
        monkeypatch.setattr(guard, "_ROOT", -1)
        monkeypatch.setattr(guard.os, "getuid", lambda: mine + 1)
        line, _, _ = await exchange(url, body=b"{}")
        assert (line, upstream.got) == ("HTTP/1.1 404 Not Found", [])
        monkeypatch.setattr(guard.os, "getuid", lambda: mine)
        line, _, _ = await exchange(url, body=b"{}")
        assert line == "HTTP/1.1 200 OK"


@pytest.mark.parametrize("asks", [True, False])
def test_whose_a_connection_is_is_known_by_a_question_and_by_a_table(monkeypatch, asks):
    if not asks:
        monkeypatch.setattr(owner.socket, "AF_NETLINK", -1)
    with socket.create_server(("127.0.0.1", 0)) as server:
        here = server.getsockname()
        with socket.create_connection(here) as client:
            assert owner.owner_of(client.getsockname(), here) == os.getuid()
        assert owner.owner_of(("127.0.0.1", 1), here) is None
        with socket.socket(socket.AF_INET6) as mapped:  # as programs have it that speak IPv6 to all
            mapped.connect(("::ffff:127.0.0.1", here[1]))
            assert owner.owner_of(("127.0.0.1", mapped.getsockname()[1]), here) == os.getuid()


async def test_each_program_has_a_path_of_its_own(enter):
    bases = {enter("http://127.0.0.1:9") for _ in range(20)}
    assert len(bases) == 20
    assert all(len(base.rpartition("/")[2]) == 32 for base in bases)  # 24 bytes


async def test_web_sockets_are_refused(enter):
    async with Upstream() as upstream:
        line, _, _ = await exchange(
            enter(upstream.url) + "/responses",
            "Connection: Upgrade",
            "Upgrade: websocket",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
            "Sec-WebSocket-Version: 13",
            method="GET",
        )
        assert line.startswith("HTTP/1.1 426")
        assert not upstream.got


async def test_it_listens_on_this_machine_alone(gateway, enter):
    enter("http://127.0.0.1:9")
    addresses = _listening()
    assert [
        each.partition(":")[0] for each in addresses if int(each.partition(":")[2], 16) == gateway.port
    ] == ["0100007F"]


def test_nothing_listens_after_the_process():
    program = (
        "from contextlib import nullcontext\n"
        "from massgen_plugins.gateway import *\n"
        "g = Gateway(print)\n"
        "g.open(Entrance(lambda _: 'http://127.0.0.1:9', nullcontext, PATIENCE['codex']))\n"
        "print(g.port)\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stderr == ""
    assert f"0100007F:{int(done.stdout):04X}" not in _listening()


def test_the_secret_is_in_nobodys_command_line(enter):
    secret = enter("http://127.0.0.1:9").rpartition("/")[2]
    assert secret.encode() not in Path("/proc/self/cmdline").read_bytes()


def _listening():
    lines = Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]
    return [line.split()[1] for line in lines if line.split()[3] == "0A"]


def test_another_user_of_this_machine_is_told_nothing(enter):
    """Tried as ``nobody``, who was told the path: another user's process is turned away all the same."""
    if os.getuid() != 0:
        assert "CI" not in os.environ, "the tests' user has to be root, to become another one"
        pytest.skip("only root can become another user")
    nobody = pwd.getpwnam("nobody").pw_uid
    base = enter("http://127.0.0.1:9")
    assert _asked(base, os.getuid()) == 502  # let in; nothing listens upstream
    assert _asked(base, nobody) == 404


def _asked(url, user):
    """The status of an answer to a process of that user's."""
    program = (
        "import http.client, sys, urllib.parse as p\n"
        "u = p.urlsplit(sys.stdin.read())\n"
        "c = http.client.HTTPConnection(u.hostname, u.port, timeout=20)\n"
        "c.request('POST', u.path + '/v1/messages', '{}')\n"
        "print(c.getresponse().status)\n"
    )
    python = "/usr/bin/python3" if Path("/usr/bin/python3").exists() else sys.executable
    done = subprocess.run(
        [python, "-I", "-c", program],
        input=url,
        capture_output=True,
        text=True,
        user=user,
        cwd="/",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return int(done.stdout)
