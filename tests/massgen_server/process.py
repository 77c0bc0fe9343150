"""A command in a fork of the server, with what :class:`subprocess.Popen` offers of a child."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from .stand_ins import Server

__all__ = ["ForkedProcess"]


class ForkedProcess:
    """Runs a Python program, with its arguments, in a fork of a process that has imported MassGen.

    Attributes:
        pid: Its process id.
        stdout: What it writes to its standard output.
        stderr: What it writes to its standard error.
    """

    def __init__(
        self, server: Server, argv: Sequence[str], folder: Path, environment: Mapping[str, str], nice: int
    ) -> None:
        self._code: int | None = None
        self._connection = socket.socket(socket.AF_UNIX)
        self._connection.connect(server.address)
        request = {"program": argv[0], "argv": list(argv), "cwd": str(folder), "pid": True, "nice": nice}
        text = json.dumps({**request, "environment": dict(environment)}).encode()
        (out, child_out), (err, child_err) = os.pipe(), os.pipe()
        nothing = os.open(os.devnull, os.O_RDONLY)
        try:
            socket.send_fds(self._connection, [text], [nothing, child_out, child_err])
        finally:
            for descriptor in (nothing, child_out, child_err):
                os.close(descriptor)
        self.stdout: IO[str] = os.fdopen(out, encoding="utf-8", errors="replace")
        self.stderr: IO[str] = os.fdopen(err, encoding="utf-8", errors="replace")
        self.pid = int(self._line())

    def send_signal(self, number: int) -> None:
        """Send it a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)

    def poll(self) -> int | None:
        """Its exit code if it has ended."""
        try:
            return self.wait(0.001)
        except subprocess.TimeoutExpired:
            return None

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code; negative: the signal that ended it.

        Raises:
            subprocess.TimeoutExpired: It still runs after ``timeout`` seconds.
        """
        if self._code is None:
            self._connection.settimeout(timeout)
            try:
                told = self._connection.recv(16)
            except TimeoutError:
                raise subprocess.TimeoutExpired("massgen", timeout or 0.0) from None
            self._code = int(told or 255)
            self._connection.close()
        return self._code

    def _line(self) -> bytes:
        line = b""
        while not line.endswith(b"\n"):  # what follows it is the exit code
            byte = self._connection.recv(1)
            if not byte:
                raise RuntimeError("the server that has imported MassGen has ended")
            line += byte
        return line
