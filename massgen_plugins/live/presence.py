"""The record of a process: its run, its waiting calls, and its counters.

Each process with limited agents keeps a file ``live/PID-XXXX.json`` in the user's state directory. It
contains no prompts, answers or keys. Agents' names are included, unless ``announce: {names: false}`` under
``rate_limit:`` replaces them by ``#1``, ``#2`` and so on.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

from massgen_plugins.live.identity import runs

__all__ = ["MAX_BYTES", "Counters", "Presence", "WaitingCall", "live_directory", "made", "parse", "read_all"]

MAX_BYTES = 262_144
"""Maximum size of a file that is read: some thousand waiting calls."""

_MOST_FILES = 1_000
_LONGEST = 300
_FORMAT = 1
_APPLICATION = "massgen-plugins"

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class WaitingCall:
    """A waiting call.

    Attributes:
        call: Its number, unique within the process.
        run: The name of its run.
        agent: Its agent's name, or ``#1`` and so on if names are hidden; "" outside of any agent's stream.
        model: The pool that it waits for: a model's name, or that of a shared pool.
        provider: The provider's name.
        account: The account's name, as in the domain.
        endpoint: Host of the base URL if it is not the provider's own, else "".
        since: When it began to wait, in seconds since the epoch.
        until: Earliest expected admission, in seconds since the epoch.
        place: Its place in the queue, from 1.
        limit: The limit it waits for, such as ``9 requests per minute``; "" if it waits for another reason.
        reason: As in :class:`massgen_plugins.events.CallWaits`.
    """

    call: int
    run: str
    agent: str
    model: str
    provider: str
    account: str
    endpoint: str
    since: float
    until: float
    place: int
    limit: str
    reason: str


@dataclass(frozen=True, slots=True)
class Counters:
    """A process's counters since its start.

    Attributes:
        calls: Attempts that were sent.
        answered: Attempts that were answered.
        refused: Attempts that a provider refused.
        turned_away: Calls that we refused.
        waits: Calls that had to wait.
        waited: Total seconds of completed waits.
        longest: Seconds of the longest wait.
        somebody: Seconds during which at least one call waited.
    """

    calls: int = 0
    answered: int = 0
    refused: int = 0
    turned_away: int = 0
    waits: int = 0
    waited: float = 0.0
    longest: float = 0.0
    somebody: float = 0.0


@dataclass(frozen=True, slots=True)
class Presence:
    """A process with limited agents.

    Attributes:
        pid: Its process ID.
        run: The name of its latest run.
        team: Path of the MassGen configuration; "" if there is none.
        directory: Its working directory, where the project's settings are.
        started: When its first limited agent was created, in seconds since the epoch.
        written: When the record was written.
        counters: Its counters.
        waiting: Its waiting calls, in queue order.
        machine: Value of :func:`massgen_plugins.live.identity.machine`.
        birth: Value of :func:`massgen_plugins.live.identity.birth_of`.
    """

    pid: int
    run: str
    team: str
    directory: str
    started: float
    written: float
    counters: Counters = Counters()
    waiting: tuple[WaitingCall, ...] = ()
    machine: str = ""
    birth: int = 0

    @property
    def alive(self) -> bool:
        """Whether the process is still running."""
        return runs(self.pid, self.machine, self.birth)

    def as_json(self) -> str:
        """Serialise for :func:`parse`."""
        return json.dumps({"format": _FORMAT, **asdict(self)})


def live_directory() -> Path | None:
    """Directory of the records; None if the user has no home directory."""
    from platformdirs import user_state_path

    try:
        path = user_state_path(_APPLICATION, appauthor=False)
    except RuntimeError:  # no home: some versions of platformdirs raise, others return a relative path
        return None
    return path / "live" if path.is_absolute() else None


def read_all(directory: Path | None = None) -> list[Presence]:
    """The readable records of all running processes, oldest first.

    Args:
        directory: Directory of the records; None for the user's own.
    """
    where = directory or live_directory()
    found = [_read(path) for path in _files(where)] if where else []
    alive = [each for each in found if each is not None and each.alive]
    return sorted(alive, key=lambda each: (each.started, each.pid))


def parse(text: str) -> Presence | None:
    """Parse a record; None if the text is not one. Values of a wrong type are replaced by empty ones."""
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(raw, dict) or raw.get("format") != _FORMAT or not isinstance(raw.get("pid"), int):
        return None
    waiting = raw.get("waiting")
    listed = waiting if isinstance(waiting, list) else []
    rows = [made(WaitingCall, each) for each in listed if isinstance(each, dict)]
    counters = raw.get("counters")
    record = made(
        Presence,
        {
            **raw,
            "counters": made(Counters, counters if isinstance(counters, dict) else {}),
            "waiting": tuple(sorted(rows, key=lambda each: (each.until, each.since))),
        },
    )
    return record if record.pid > 0 else None


def _files(directory: Path) -> list[Path]:
    try:
        paths = sorted(directory.iterdir())
    except (OSError, ValueError):
        return []
    shown = [path for path in paths if path.suffix == ".json" and not path.name.startswith(".")]
    return shown[:_MOST_FILES]


def _read(path: Path) -> Presence | None:
    """Read a regular file of limited size; links and pipes are rejected."""
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0)
    try:
        found = path.lstat()
        if not stat.S_ISREG(found.st_mode) or found.st_size > MAX_BYTES:
            return None
        with os.fdopen(os.open(path, flags), "rb") as file:
            return parse(file.read(MAX_BYTES).decode("utf-8", "replace"))
    except (OSError, ValueError):
        return None


def made(kind: type[T], raw: Mapping[str, Any]) -> T:
    """Build a dataclass from parsed JSON: each value of its declared type, or that type's empty value."""
    declared = {each.name: str(each.type) for each in fields(kind)}  # type: ignore[arg-type]  # a dataclass
    return kind(**{name: _value(raw.get(name), type_) for name, type_ in declared.items()})


def _value(value: Any, declared: str) -> Any:
    if declared == "str":
        return _plain(value) if isinstance(value, str) else ""
    if declared in ("int", "float"):
        number = value if isinstance(value, int | float) and not isinstance(value, bool) else 0
        whole = number if -1e15 < number < 1e15 else 0  # reject infinite and absurd values
        return int(whole) if declared == "int" else float(whole)
    return value


def _plain(text: str) -> str:
    """Remove terminal control characters."""
    return "".join(each if each.isprintable() else "?" for each in text[:_LONGEST])
