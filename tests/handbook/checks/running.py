"""Runs what a page tells its reader to run: in an empty directory, with a fresh home, without a network."""

from __future__ import annotations

import atexit
import functools
import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.massgen_server.stand_ins import Server

from .places import ROOT, SCRIPTS

TIME_LIMIT = 120
"""Seconds; a page does not ask its reader to wait longer than that."""
_NOWHERE = "http://127.0.0.1:9"
_SHOWN = 400
_COMMAND = re.compile(r"(?<![\w./~-])(massgen|python)\b")
"""What only MassGen's own server can run."""


@dataclass(frozen=True, slots=True)
class Done:
    """How a command ended.

    Attributes:
        code: Its exit code; 124 if it took too long.
        output: What it printed, both streams together.
    """

    code: int
    output: str

    def last_words(self) -> str:
        """The end of its output, in one line."""
        return " ".join(self.output.split())[-_SHOWN:]


@functools.cache
def _folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="handbook-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


@functools.cache
def server() -> Server:
    """Start MassGen in the background; the first command waits until it has been imported."""
    (_folder() / "home").mkdir(exist_ok=True)
    started = Server(_folder(), environment())
    atexit.register(started.stop)
    return started


def needs_massgen(code: str) -> bool:
    """Whether shell text starts MassGen or Python."""
    return bool(_COMMAND.search(code))


def bash(code: str) -> Done:
    """Run shell text; the first command that fails ends it."""
    if needs_massgen(code):
        server().wait()
    here = _fresh()
    with tempfile.TemporaryFile() as output:
        try:
            done = subprocess.run(
                ["bash", "-euo", "pipefail", "-c", code],
                cwd=here,
                env=environment(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                timeout=TIME_LIMIT,
                check=False,
            )
            ended = done.returncode
        except subprocess.TimeoutExpired:
            ended = 124
        return Done(ended, _read(output.fileno()))


def python(code: str) -> Done:
    """Run Python text in an interpreter of its own."""
    server().wait()
    here = _fresh()
    file = _folder() / "fence.py"
    file.write_text(code, encoding="utf-8")
    with tempfile.TemporaryFile() as output:
        try:
            ended = server().run_file(file, here, environment(), output.fileno())
        except TimeoutError:
            ended = 124
        return Done(ended, _read(output.fileno()))


def _read(descriptor: int) -> str:
    os.lseek(descriptor, 0, os.SEEK_SET)
    with os.fdopen(os.dup(descriptor), encoding="utf-8", errors="replace") as stream:
        return stream.read()


def _fresh() -> Path:
    """An empty directory; home is emptied too."""
    for name in ("empty", "home"):
        shutil.rmtree(_folder() / name, ignore_errors=True)
        (_folder() / name).mkdir()
    return _folder() / "empty"


def environment() -> dict[str, str]:
    """Nothing of whoever runs the checks: no keys, no settings, and a proxy that leads nowhere."""
    kept = {name: os.environ[name] for name in ("LANG", "LC_ALL", "TMPDIR") if name in os.environ}
    proxies = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"), _NOWHERE)
    commands = [str(_folder() / "commands"), str(SCRIPTS), "/usr/local/bin", "/usr/bin", "/bin"]
    return {
        **kept,
        **proxies,
        "NO_PROXY": "127.0.0.1,localhost",
        "no_proxy": "127.0.0.1,localhost",
        "HOME": str(_folder() / "home"),
        "PATH": os.pathsep.join(commands),
        "PYTHONPATH": str(ROOT),
        "PYTHONWARNINGS": "ignore",
        "PIP_NO_INDEX": "1",
        "NO_COLOR": "1",
        "TERM": "dumb",
        "COLUMNS": "100",
    }
