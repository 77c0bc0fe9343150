"""A child process whose output is read while it runs, and that never outlives the test that started it."""

from __future__ import annotations

import atexit
import functools
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Self

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.massgen_server.process import ForkedProcess
from tests.massgen_server.stand_ins import Server

__all__ = ["Child", "Output", "end_all", "tool_servers"]

_starting = threading.BoundedSemaphore(max(2, os.cpu_count() or 2))
"""Importing MassGen takes seconds of a whole core: not more of them at once than there are cores."""

_NICE = 10
"""For those whose time is not measured: they step back for those whose time is."""

STARTS_WITHIN = 300.0
"""Seconds; on a busy machine importing MassGen alone takes a minute."""

_BEFORE_FIRST_CALL = "[Coordination in progress"
"""What MassGen prints then, when it holds no lock (it takes one while it registers its session)."""

_one_server = threading.Lock()
"""Runs that start together start one server."""

_CALLS = "WAIT: "
"""With what MassGen begins a line when calls of it are under way, and others wait."""

_alive: set[Child] = set()
_over = threading.Event()


class Output:
    """One stream of a child; ``on_line`` is called with each line, and with ``None`` at the end."""

    def __init__(self, stream: IO[str], on_line: Callable[[str | None], None] = lambda line: None) -> None:
        self._stream = stream
        self._on_line = on_line
        self._lines: list[str] = []
        self._ended = False
        self._news = threading.Condition()
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    @property
    def text(self) -> str:
        """All that was written so far."""
        with self._news:
            return "".join(self._lines)

    def wait_for(self, text: str, within: float = STARTS_WITHIN) -> None:
        """Return once ``text`` was written; fails when the stream ends without it, or after ``within`` s."""
        with self._news:
            self._news.wait_for(lambda: self._ended or any(text in line for line in self._lines), within)
            assert any(text in line for line in self._lines), f"no {text!r} in:\n{''.join(self._lines)}"

    def _read(self) -> None:
        for line in self._stream:
            self._add(line)
        self._add(None)
        self._stream.close()

    def _add(self, line: str | None) -> None:
        with self._news:
            self._ended = line is None
            if line is not None:
                self._lines.append(line)
            self._news.notify_all()
        self._on_line(line)


class Child:
    """Starts ``command``, at most one for each core at a time until their first line of output.

    ``measured``: its speed matters; what it prepares for its first calls is part of that, so its start lasts
    until they are under way.
    ``held``: a MassGen that stops before its first call, until :meth:`thaw`.
    ``forked``: a Python program that runs in a fork of a process which has imported MassGen; for runs whose
    start is not what their test is about.
    """

    def __init__(
        self,
        command: Sequence[str],
        folder: Path,
        environment: Mapping[str, str],
        *,
        measured: bool = False,
        held: bool = False,
        forked: bool = False,
    ) -> None:
        self._held = held
        self._starting = True
        self._under_way = _CALLS if measured else ""
        self._there = threading.Event()
        _starting.acquire()
        try:
            assert not _over.is_set(), "the session is over"
            start = _fork if forked else _spawn
            nicer = 0 if measured else max(0, _NICE - os.nice(0))
            self._process = start(command, folder, environment, nicer)
        except BaseException:
            _starting.release()
            raise
        _alive.add(self)
        assert self._process.stdout
        assert self._process.stderr
        self.stdout = Output(self._process.stdout, self._saw)
        self.stderr = Output(self._process.stderr)

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def freeze(self) -> None:
        """Stop it where it is, as a closed laptop does."""
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on; waits until it is there, if it is to be held."""
        if self._held:
            self._there.wait(STARTS_WITHIN)
        self._process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """End it at once, without a chance to tidy up."""
        self._process.kill()

    def wait(self, within: float) -> int:
        """Its exit code (negative: the signal that ended it); fails after ``within`` seconds."""
        try:
            code = self._process.wait(within)
        except subprocess.TimeoutExpired:
            self.end()
            told = f"{self.stdout.text[-3000:]}\n{self.stderr.text[-3000:]}"
            raise AssertionError(f"still running after {within:g} s:\n{told}") from None
        self._join()
        return code

    def end(self) -> None:
        """Kill it if it still runs."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        self._join()

    def _saw(self, line: str | None) -> None:
        if self._starting and (line is None or line.startswith(self._under_way)):
            self._starting = False
            _starting.release()
        if line is None:
            self._there.set()
        elif self._held and line.startswith(_BEFORE_FIRST_CALL):
            self.freeze()
            self._there.set()

    def _join(self) -> None:
        self.stdout.reader.join(10)
        self.stderr.reader.join(10)
        _alive.discard(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()


def _spawn(
    command: Sequence[str], folder: Path, environment: Mapping[str, str], nice: int
) -> subprocess.Popen[str]:
    return subprocess.Popen(
        ["nice", "-n", str(nice), *command],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        errors="replace",
    )


def _fork(command: Sequence[str], folder: Path, environment: Mapping[str, str], nice: int) -> ForkedProcess:
    return ForkedProcess(_ready_server(), command, folder, environment, nice)


def tool_servers() -> Path:
    """A folder for ``PATH`` with which MassGen's tool servers are forked, too.

    Each would import MassGen again, and Codex starts two for each of its turns.
    """
    return _ready_server().tools


def _ready_server() -> Server:
    with _one_server:
        server = _server()
    server.wait(STARTS_WITHIN)
    return server


@functools.cache
def _server() -> Server:
    """Imports MassGen in an environment of its own; the first run waits for it."""
    folder = Path(tempfile.mkdtemp(prefix="e2e-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    environment = {"HOME": str(folder), "PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8"}
    started = Server(folder, environment)
    atexit.register(started.stop)
    return started


def end_all() -> None:
    """Kill every child that still runs, and start no more, so that whoever waits for one stops waiting."""
    _over.set()
    for child in list(_alive):
        child.end()
