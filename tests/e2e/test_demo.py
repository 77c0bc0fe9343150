"""The demo with the real MassGen: it tells what it saw, asks no other machine, and leaves nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.e2e

GUARD = """
import sys
def note(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo"):
        address = arguments[1] if event == "socket.connect" else arguments
        host = address[0] if isinstance(address, tuple) else "a local socket"
        if host not in ("127.0.0.1", "localhost", "a local socket", None):
            with open({file!r}, "a") as file:
                file.write(f"{{event}} {{host}}\\n")
sys.addaudithook(note)
"""
"""A ``sitecustomize`` that writes down every host beyond this machine which a Python looks for."""


def test_the_real_massgen(folder):
    guard, strangers = folder / "guard", folder / "strangers.txt"
    guard.mkdir()
    (guard / "sitecustomize.py").write_text(GUARD.format(file=str(strangers)))
    temporary, home = folder / "temporary", folder / "home"
    temporary.mkdir()
    home.mkdir()
    paths = os.pathsep.join(filter(None, [str(guard), os.environ.get("PYTHONPATH", "")]))
    result = subprocess.run(
        [sys.executable, "-m", "massgen_plugins.demo", "--json"],
        env=os.environ | {"PYTHONPATH": paths, "TMPDIR": str(temporary), "HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
        cwd=folder,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert not strangers.exists(), strangers.read_text()
    document = json.loads(result.stdout)
    without, switched = document["without"], document["with"]
    assert without["refused"] > 0
    assert without["limited"] == 0
    assert switched["refused"] == switched["back_offs"] == 0
    assert switched["spoilt_answers"] == switched["spoilt_outputs"] == 0
    assert switched["limited"] == switched["requests"]
    assert switched["settled"] == switched["counted"]
    assert list(temporary.iterdir()) == []
