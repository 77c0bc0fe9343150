"""Runs the real ``massgen`` command, and stops it at the end of the ``with`` block."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sysconfig
import time
from contextlib import suppress
from typing import Self

from massgen_plugins.demo.failure import DemoError
from massgen_plugins.demo.household import Household
from massgen_plugins.installation import reinstall

__all__ = ["HostRun"]

_STOPS_WITHIN = 5.0
"""Seconds that MassGen gets to terminate by itself."""


class HostRun:
    """``massgen --automation`` in a household, as its own process group.

    Args:
        household: Its furnished household.
        provider: The URL of its sandbox.
        question: The question for the team.
    """

    def __init__(self, household: Household, provider: str, question: str) -> None:
        self.household = household
        self._command = [_massgen(), "--automation", "--config", household.config.name, question]
        self._environment = household.environment(provider)
        self._process: subprocess.Popen[bytes] | None = None
        self._started = self._ended = 0.0

    def __enter__(self) -> Self:
        self._started = time.monotonic()
        with self.household.output.open("wb") as output, self.household.errors.open("wb") as errors:
            self._process = subprocess.Popen(  # noqa: S603 - MassGen's own command, arguments of ours
                self._command,
                cwd=self.household.work,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=errors,
                start_new_session=True,
            )
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is None:
            return
        self._signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_STOPS_WITHIN)
        self._signal(signal.SIGKILL)  # also kills the rest of the group if its leader has ended
        self._process.wait()

    def is_over(self) -> bool:
        """Whether MassGen has terminated."""
        over = self._process is not None and self._process.poll() is not None
        if over and not self._ended:
            self._ended = time.monotonic()
        return over

    @property
    def exit_code(self) -> int | None:
        """MassGen's exit code; None while it runs."""
        return self._process.poll() if self._process else None

    @property
    def elapsed(self) -> float:
        """Seconds from its start, start-up included, to its end or now."""
        return (self._ended or time.monotonic()) - self._started

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, number)


def _massgen() -> str:
    """MassGen's command in this package's environment."""
    command = shutil.which("massgen", path=sysconfig.get_path("scripts")) or shutil.which("massgen")
    if command is None:
        raise DemoError(f"This MassGen has no command; run `{reinstall('massgen')}`.")
    return command
