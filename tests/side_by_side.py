"""Checks and tests everything in parts side by side, and says how long each took: ``make test``.

Teams of the real MassGen and replayed recordings mostly wait; the handbook's checks take all the processor
time that they get, and step back. What measures how long an event loop stands still is among "all else", and
does not.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[1]
LOGS = Path(sys.executable).parents[1]
NEWS = 60.0
"""Seconds between two lines of progress."""

AT_ONCE = 4
"""Parts that run at once; the others follow in their order."""

_CHECKS = ("ruff check", "ruff format --check", "mypy")
_PYTEST = ("-m", "pytest")
_COMMANDS = ("tests/cli", "tests/demo", "tests/packaging", "tests/profiles", "tests/providers")
_ROUTES = "tests/e2e/routes"
_REPLAYED = "tests/handbook/test_recordings.py"
_ELSEWHERE = ("tests/e2e", "tests/handbook", *_COMMANDS)
_PERCENT = re.compile(r"\[ *(\d+)%\]$", re.MULTILINE)


@dataclass
class Part:
    """Commands that run one after another, beside other parts.

    Attributes:
        name: For people.
        commands: Arguments of this Python.
        step_back: By how much others go before it (``nice``).
        seconds: How long it took.
        failed: Whether a command has failed.
    """

    name: str
    commands: Sequence[Sequence[str]]
    step_back: int = 0
    seconds: float = field(default=0.0, init=False)
    _begun: float = field(default=0.0, init=False)
    failed: bool = field(default=False, init=False)
    _left: list[Sequence[str]] = field(default_factory=list, init=False)
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def log(self) -> Path:
        """Where its output is."""
        return LOGS / f"{self.name.replace(' ', '-').replace(',', '')}.log"

    def start(self) -> None:
        """Begin with the first command."""
        self.log.write_bytes(b"")
        self._begun = time.monotonic()
        self._left = list(self.commands)
        self._next()

    def _next(self) -> None:
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                ["nice", "-n", str(self.step_back), sys.executable, *self._left.pop(0)],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def ended(self) -> bool:
        """Whether all commands have ended; the next one is begun when one has."""
        assert self._process is not None
        code = self._process.poll()
        if code is None:
            return False
        self.failed = self.failed or code != 0
        if self._left:
            self._next()
            return False
        self.seconds = time.monotonic() - self._begun
        return True

    def progress(self) -> str:
        """How far its tests are."""
        percents = _PERCENT.findall(self.log.read_text(errors="replace"))
        return f"{self.name} {percents[-1]} %" if percents else self.name

    def told(self) -> str:
        """What it printed: all of it if it failed, else what came after its tests."""
        text = self.log.read_text(errors="replace")
        ends = [found.end() for found in _PERCENT.finditer(text)]
        return text if self.failed or not ends else text[ends[-1] :].lstrip("\n")


PARTS = (
    Part("all else", [[*_PYTEST, *(f"--ignore={each}" for each in _ELSEWHERE)]]),
    Part("teams of the real MassGen", [[*_PYTEST, "tests/e2e", f"--ignore={_ROUTES}"]]),
    Part("recordings replayed", [[*_PYTEST, _REPLAYED]]),
    Part("style and types", [["-m", *each.split()] for each in _CHECKS], 5),
    Part(
        "routes, handbook",
        [[*_PYTEST, "-m", "not site", _ROUTES, "tests/handbook", f"--ignore={_REPLAYED}"]],
        10,
    ),
    Part("commands, providers", [[*_PYTEST, *_COMMANDS]], 5),
    Part("built handbook", [[*_PYTEST, "-m", "site", "tests/handbook"]], 10),
)


def main() -> int:
    """The exit code: 1 if any part failed."""
    begun = told = time.monotonic()
    waiting, running = list(PARTS), list[Part]()
    while waiting or running:
        while waiting and len(running) < AT_ONCE:
            running.append(waiting.pop(0))
            running[-1].start()
        time.sleep(0.2)
        now = time.monotonic()
        for part in [each for each in running if each.ended()]:
            running.remove(part)
            _say(f"{'FAILED' if part.failed else 'passed'} in {_span(part.seconds)}: {part.name}")
        if running and now - told >= NEWS:
            told = now
            _say(f"{_span(now - begun)}  {', '.join(each.progress() for each in running)}")
    for part in sorted(PARTS, key=lambda each: each.failed):
        _say(f"\n===== {part.name}: {'failed' if part.failed else 'passed'}\n\n{part.told()}")
    for part in sorted(PARTS, key=lambda each: -each.seconds):
        _say(f"{_span(part.seconds):>6}  {part.name}{', FAILED' if part.failed else ''}")
    _say(f"{_span(time.monotonic() - begun):>6}  all of it")
    return int(any(part.failed for part in PARTS))


def _span(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"


def _say(text: str) -> None:
    os.write(sys.stdout.fileno(), f"{text}\n".encode())


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:  # those beside have heard it, too
        sys.exit(130)
