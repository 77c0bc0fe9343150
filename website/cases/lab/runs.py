"""A program that runs, and what it left when it has ended."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Self

__all__ = ["Finished", "Running"]

_COMPLETED = re.compile(r"^COMPLETED: \d+ agents?, ([\d.]+)s total", re.MULTILINE)
_LOOK_EVERY = 0.1


@dataclass(frozen=True)
class Finished:
    """What a program said and left.

    Attributes:
        code: Its exit code; negative for the signal that ended it.
        stdout: All that it printed.
        stderr: The same for errors.
        seconds: From start to end, its start-up included.
        project: Where it ran.
    """

    code: int
    stdout: str
    stderr: str
    seconds: float
    project: Path

    @property
    def completed(self) -> float | None:
        """Seconds that MassGen itself says it took, start-up excluded; None if it does not say."""
        found = _COMPLETED.search(self.stdout)
        return float(found[1]) if found else None

    @property
    def logs(self) -> Path:
        """MassGen's log directory of this run.

        Raises:
            LookupError: It made none.
        """
        named = re.search(r"^LOG_DIR: (.+)$", self.stdout, re.MULTILINE)
        if named is None:
            raise LookupError(f"no LOG_DIR in:\n{self.stdout[-2000:]}\n{self.stderr[-2000:]}")
        return self.project / named[1]

    def text(self, pattern: str) -> str:
        """The text of the log directory's files that match, one after the other."""
        files = sorted(
            self.logs.parent.rglob(pattern) if self.logs.name == "attempt_1" else self.logs.rglob(pattern)
        )
        return "\n".join(file.read_text("utf-8", "replace") for file in files if file.is_file())

    def traces(self, agent: str) -> list[str]:
        """What an agent did with its tools, a text for each answer or vote, in order."""
        files = sorted(self.logs.rglob(f"attempt_1/{agent}/*/execution_trace.md"))
        return [file.read_text("utf-8") for file in files]

    @property
    def status(self) -> dict[str, Any]:
        """MassGen's status.json.

        Raises:
            LookupError: It wrote none.
        """
        for file in sorted(self.logs.rglob("status.json")):
            content: dict[str, Any] = json.loads(file.read_text("utf-8"))
            return content
        raise LookupError("there is no status.json")

    def count(self, text: str) -> int:
        """How often ``text`` stands in massgen.log."""
        return self.text("massgen.log").count(text)


class Running:
    """A program as a process group of its own, which never outlives its ``with`` block."""

    def __init__(self, command: Sequence[str], project: Path, environment: Mapping[str, str]) -> None:
        self._project = project
        self._out = tempfile.TemporaryFile()  # noqa: SIM115 (closed by __exit__)
        self._err = tempfile.TemporaryFile()  # noqa: SIM115 (closed by __exit__)
        self._started = time.monotonic()
        self._process = subprocess.Popen(
            command,
            cwd=project,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=self._out,
            stderr=self._err,
            start_new_session=True,
        )

    @property
    def stdout(self) -> str:
        """All that it printed so far."""
        return _read(self._out)

    @property
    def stderr(self) -> str:
        """The same for errors."""
        return _read(self._err)

    def wait_for(self, text: str, within: float = 300.0) -> None:
        """Return once it has printed ``text``.

        Raises:
            TimeoutError: It ended, or ``within`` seconds went by, without it.
        """
        end = time.monotonic() + within
        while text not in self.stdout + self.stderr:
            if self._process.poll() is not None or time.monotonic() > end:
                raise TimeoutError(f"no {text!r} in:\n{self.stdout[-2000:]}\n{self.stderr[-2000:]}")
            time.sleep(_LOOK_EVERY)

    def kill(self) -> None:
        """``kill -9``: end it at once, without a chance to tidy up."""
        self.signal(signal.SIGKILL)
        self._process.wait()

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to it and to what it started."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)

    def finish(self, within: float = 600.0) -> Finished:
        """Wait for its end.

        Raises:
            TimeoutError: It takes more than ``within`` seconds.
        """
        try:
            code = self._process.wait(within)
        except subprocess.TimeoutExpired:
            raise TimeoutError(f"still running after {within:g} s:\n{self.stdout[-2000:]}") from None
        return Finished(code, self.stdout, self.stderr, time.monotonic() - self._started, self._project)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.signal(signal.SIGKILL)
        self._process.wait()
        self._out.close()
        self._err.close()


def _read(file: IO[bytes]) -> str:
    return os.pread(file.fileno(), 1 << 26, 0).decode("utf-8", "replace")
