"""The MassGen runs of this process, by name."""

from __future__ import annotations

import itertools
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["RunInfo", "begin_run", "find_run"]


@dataclass(slots=True)
class RunInfo:
    """One run: the agents that MassGen created together.

    Attributes:
        name: Unique across processes and time, such as ``20261130-104912-4649``: start (local time),
            process ID, and from the second run of a process on, its number.
        config_path: The team's file as given; None if there is none.
        started: Seconds since the epoch.
    """

    name: str
    config_path: str | None
    started: float
    _find_log_dir: Callable[[], Path | None] = field(default=lambda: None, repr=False)
    _log_dir: Path | None = field(default=None, repr=False)

    @property
    def log_dir(self) -> Path | None:
        """MassGen's log directory of this run; None until it is known.

        Call in a thread or task of the run: MassGen distinguishes the runs of a process by context.
        """
        if self._log_dir is None:
            self._log_dir = self._find_log_dir()
        return self._log_dir


_runs: dict[str, RunInfo] = {}
_numbers = itertools.count(1)
_lock = threading.Lock()
_MOST = 1000
"""Maximum number of runs remembered; a server may see many more."""


def begin_run(
    config_path: str | None = None,
    find_log_dir: Callable[[], Path | None] = lambda: None,
    now: float | None = None,
) -> RunInfo:
    """Register and name a new run.

    Args:
        config_path: The team's file.
        find_log_dir: Returns MassGen's log directory of the run once known; must not raise or block.
        now: Seconds since the epoch; None for the current time.
    """
    started = time.time() if now is None else now
    stamp = time.strftime("%Y%m%d-%H%M%S", time.localtime(started))
    with _lock:
        number = next(_numbers)
        name = f"{stamp}-{os.getpid()}" + (f"-{number}" if number > 1 else "")
        info = _runs[name] = RunInfo(name, config_path, started, find_log_dir)
        while len(_runs) > _MOST:
            del _runs[next(iter(_runs))]
    return info


def find_run(name: str) -> RunInfo | None:
    """The run of this name, if it belongs to this process."""
    return _runs.get(name)
