"""Commands for ``PATH`` that look like MassGen's and hand everything to the server of :mod:`.forked`."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = Path(sys.executable).parent
NAMES = ("massgen", "massgen-rl")

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


class Server:
    """A running server, and the folder of its stand-ins; it ends with this process.

    Attributes:
        commands: The folder, for ``PATH``.
        address: The path of its socket.
    """

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        """Start it: ``folder`` must stay, and be short enough for the address of a socket."""
        self.commands = folder / "commands"
        self.address = str(folder / "socket")
        self._log = folder / "server.log"
        self.commands.mkdir()
        for name in NAMES:
            self._write(self.commands / name, SCRIPTS / name)
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
