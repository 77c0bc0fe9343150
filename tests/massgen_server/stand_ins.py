"""Commands for ``PATH`` that look like MassGen's and hand everything to the server of :mod:`.forked`."""

from __future__ import annotations

import atexit
import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

from tests.massgen_server import forked

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = Path(sys.executable).parent
NAMES = ("massgen", "massgen-rl")
TOOL_SERVERS = "fastmcp"
"""What starts MassGen's tool servers: each imports MassGen, and has thirty seconds to be there."""

_STAND_IN = """#!{python} -IS
import json, os, socket, sys
own = [name for name in os.environ if name.startswith("PYTHON") and name not in {kept!r}]
if own or "MASSGEN_PLUGINS_DISABLE" in os.environ:
    os.execv({program!r}, [{program!r}, *sys.argv[1:]])
request = {{"program": {program!r}, "argv": [{program!r}, *sys.argv[1:]]}}
request.update(cwd=os.getcwd(), environment=dict(os.environ))
with socket.socket(socket.AF_UNIX) as connection:
    connection.connect({socket!r})
    socket.send_fds(connection, [json.dumps(request).encode()], [0, 1, 2])
    sys.exit(int(connection.recv(16) or 255))
"""
_KEPT = ("PYTHONPATH", "PYTHONWARNINGS", "PYTHONUNBUFFERED", "PYTHON_DOTENV_DISABLED")


class _Fork:
    """A server in a fork of this process, as far as :class:`Server` needs what ``Popen`` offers."""

    def __init__(self, address: str, log: Path) -> None:
        sys.stdout.flush()
        self._pid = os.fork()
        if self._pid == 0:
            atexit._clear()  # what this process does at its end is no command's
            stream = log.open("w")
            for descriptor in (1, 2):
                os.dup2(stream.fileno(), descriptor)
            with suppress(BaseException):
                forked.serve(address)
            os._exit(1)

    def poll(self) -> int | None:
        """Its status once it has ended; None before."""
        ended, status = os.waitpid(self._pid, os.WNOHANG)
        return status if ended else None

    def terminate(self) -> None:
        """Ask it to end."""
        os.kill(self._pid, signal.SIGTERM)

    def wait(self) -> None:
        """Until it has ended."""
        os.waitpid(self._pid, 0)


class Server:
    """A running server, and the folder of its stand-ins; it ends with this process.

    Attributes:
        commands: The folder, for ``PATH``.
        tools: Another one, with what starts MassGen's tool servers.
        address: The path of its socket.
    """

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        """Start it: ``folder`` must stay, and be short enough for the address of a socket.

        Where MassGen is imported already it is a fork of this process; else it imports MassGen itself.
        """
        self.commands, self.tools = folder / "commands", folder / "tools"
        self.address = str(folder / "socket")
        self._log = folder / "server.log"
        for place in (self.commands, self.tools):
            place.mkdir()
        for name in NAMES:
            self._write(self.commands / name, SCRIPTS / name)
        self._write(self.tools / TOOL_SERVERS, SCRIPTS / TOOL_SERVERS)
        if "massgen.cli.entrypoint" in sys.modules:
            self._process: _Fork | subprocess.Popen[bytes] = _Fork(self.address, self._log)
            return
        with self._log.open("w") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", f"{__package__}.forked", self.address],
                cwd=ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def _write(self, stand_in: Path, program: Path) -> None:
        filled = _STAND_IN.format(
            python=sys.executable, program=str(program), socket=self.address, kept=list(_KEPT)
        )
        stand_in.write_text(filled, encoding="utf-8")
        stand_in.chmod(0o755)

    def wait(self, limit: float = 120) -> None:
        """Until it answers.

        Raises:
            RuntimeError: It does not, within ``limit`` seconds.
        """
        until = time.monotonic() + limit
        while not Path(self.address).exists():
            if self._process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"MassGen cannot be imported: {self._log.read_text()[-2000:]}")
            time.sleep(0.05)

    def run_file(self, file: Path, cwd: Path, environment: dict[str, str], output: int) -> int:
        """Run a Python file; ``output`` is the descriptor that takes both of its streams."""
        request = {"program": str(file), "argv": [str(file)], "cwd": str(cwd), "environment": environment}
        with socket.socket(socket.AF_UNIX) as connection, Path("/dev/null").open() as nothing:
            connection.connect(self.address)
            descriptors = [nothing.fileno(), output, output]
            socket.send_fds(connection, [json.dumps(request).encode()], descriptors)
            connection.settimeout(120)
            return int(connection.recv(16) or 255)

    def stop(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait()
