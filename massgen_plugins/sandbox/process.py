"""The sandbox in a separate process, for synchronous code and runs that must not share its event loop."""

from __future__ import annotations

import select
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Self

from massgen_plugins.sandbox.config import Quota, SandboxConfig, quotas_to_json
from massgen_plugins.sandbox.report import SandboxReport

__all__ = ["SandboxProcess"]

_STARTS_WITHIN = 30.0
_STOPS_WITHIN = 5.0


class SandboxProcess:
    """A provider on 127.0.0.1 within its ``with`` block.

    The child watches a pipe, and terminates when this process does, however it dies.
    Raises ``RuntimeError`` on entering if it does not start within 30 seconds.
    """

    def __init__(self, config: SandboxConfig | None = None) -> None:
        self.config = config or SandboxConfig()
        self.url = ""
        self._process: subprocess.Popen[bytes] | None = None
        # Bypass any proxy in the environment.
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def __enter__(self) -> Self:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "sandbox.json"
            file.write_text(self.config.to_json(), encoding="utf-8")
            command = [
                sys.executable,
                "-m",
                "massgen_plugins.sandbox",
                "--config",
                str(file),
                "--ends-with-stdin",
            ]
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and program
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE
            )
            try:
                self.url = _first_line(self._process)
            except BaseException:
                self.__exit__()
                raise
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is None:
            return
        with self._process as process:  # closes the pipes and reaps the child
            process.terminate()
            try:
                process.wait(_STOPS_WITHIN)
            except subprocess.TimeoutExpired:
                process.kill()
        self._process = None

    def report(self) -> SandboxReport:
        """The report so far; raises ``OSError`` if the sandbox does not answer."""
        return SandboxReport.from_json(self._call("report"))

    def reset(self) -> None:
        """Forget all requests and their usage."""
        self._call("reset", b"")

    def change_quotas(self, quotas: Mapping[str, tuple[Quota, ...]]) -> None:
        """Replace the limits by model; earlier usage counts towards them."""
        self._call("quotas", quotas_to_json(quotas).encode())

    def _call(self, name: str, body: bytes | None = None) -> bytes:
        with self._opener.open(f"{self.url}/_sandbox/{name}", body, timeout=10) as response:
            content: bytes = response.read()
            return content


def _first_line(process: subprocess.Popen[bytes]) -> str:
    """The URL that the child prints when it is ready."""
    stream: IO[bytes] | None = process.stdout
    if stream is None or not select.select([stream], [], [], _STARTS_WITHIN)[0]:
        raise RuntimeError(f"the sandbox did not start within {_STARTS_WITHIN:g} s")
    line = stream.readline().decode().strip()
    if not line.startswith("http://"):
        raise RuntimeError("the sandbox did not start; its error output says why")
    return line
