"""A child process whose output is read while it runs, and that never outlives the test that started it."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Self

__all__ = ["Child", "Output", "end_all"]

_starting = threading.BoundedSemaphore(max(2, os.cpu_count() or 2))
"""Importing MassGen takes seconds of a whole core: not more of them at once than there are cores."""

_alive: set[Child] = set()


class Output:
    """One stream of a child; ``on_first`` is called at its first line or, without any, at its end."""

    def __init__(self, stream: IO[str], on_first: Callable[[], None] = lambda: None) -> None:
        self._stream = stream
        self._on_first = on_first
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

    def wait_for(self, text: str, within: float = 120) -> None:
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
            first, self._ended = not self._lines and not self._ended, line is None
            if line is not None:
                self._lines.append(line)
            self._news.notify_all()
        if first:
            self._on_first()


class Child:
    """Starts ``command``, at most one for each core at a time until their first line of output."""

    def __init__(self, command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> None:
        _starting.acquire()
        try:
            self._process = subprocess.Popen(
                command,
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                encoding="utf-8",
                errors="replace",
            )
        except BaseException:
            _starting.release()
            raise
        _alive.add(self)
        assert self._process.stdout
        assert self._process.stderr
        self.stdout = Output(self._process.stdout, _starting.release)
        self.stderr = Output(self._process.stderr)

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

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

    def _join(self) -> None:
        self.stdout.reader.join(10)
        self.stderr.reader.join(10)
        _alive.discard(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()


def end_all() -> None:
    """Kill every child that still runs, so that whoever waits for one stops waiting."""
    for child in list(_alive):
        child.end()
