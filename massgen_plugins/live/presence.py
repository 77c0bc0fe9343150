"""The record of a process: which run it is, who waits in it, and what it has counted so far.

Each process with agents that are switched on keeps one file ``live/PID-XXXX.json`` in the user's state
directory. It says nothing of prompts, answers and keys; agents' names are the user's own words, and
``announce: {names: false}`` under ``rate_limit:`` replaces them by ``#1``, ``#2`` and so on.
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
"""Largest file that is read: some thousand waiting calls."""

_MOST_FILES = 1_000
_LONGEST = 300
_FORMAT = 1
_APPLICATION = "massgen-plugins"

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class WaitingCall:
    """A call that waits.

    Attributes:
        call: Its number, unique in the process.
        run: The name of its run.
        agent: Its agent's name, or ``#1`` and so on if names are hidden; "" outside of any agent's stream.
        model: The pool that it waits for: a model's name, or that of a shared pool.
        provider: The provider's name.
        account: The account's name, as in the domain.
        endpoint: Host of the base URL when it is not the provider's own; else "".
        since: When it began to wait, in seconds since the epoch.
        until: When it will leave, estimated from below, in seconds since the epoch.
        place: Its place in the queue, 1 for the first.
        limit: What it waits for, such as ``9 requests per minute``; "" if it is no limit.
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
    """What a process has counted since its start.

    Attributes:
        calls: Attempts that left.
        answered: Of them, with an answer.
        refused: Of them, refused by a provider.
        turned_away: Calls that we refused.
        waits: Calls that had to wait.
        waited: Seconds that all calls together have waited; those that wait now not included.
        longest: Seconds of the longest wait.
        somebody: Seconds during which any call waited.
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
    """A process with agents that are switched on.

    Attributes:
        pid: Its number.
        run: The name of its newest run.
        team: Path of the MassGen configuration; "" if it had none.
        directory: Its working directory, where a project's settings are.
        started: When its first agent was switched on, in seconds since the epoch.
        written: When the record was written.
        counters: What it has counted.
        waiting: Its waiting calls, in the order of the queue.
        machine: As :func:`massgen_plugins.live.identity.machine` names it.
        birth: As :func:`massgen_plugins.live.identity.birth_of` says.
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
        """Whether the process still runs."""
        return runs(self.pid, self.machine, self.birth)

    def as_json(self) -> str:
        """What :func:`parse` reads."""
        return json.dumps({"format": _FORMAT, **asdict(self)})


def live_directory() -> Path | None:
    """Where the records are; None when the user has no home."""
    from platformdirs import user_state_path

    try:
        path = user_state_path(_APPLICATION, appauthor=False)
    except RuntimeError:  # no home, by some versions of platformdirs; a relative path by others
        return None
    return path / "live" if path.is_absolute() else None


def read_all(directory: Path | None = None) -> list[Presence]:
    """The records of all processes that run now, the oldest first; what cannot be read is left out.

    Args:
        directory: Where to look; the user's own if None.
    """
    where = directory or live_directory()
    found = [_read(path) for path in _files(where)] if where else []
    alive = [each for each in found if each is not None and each.alive]
    return sorted(alive, key=lambda each: (each.started, each.pid))


def parse(text: str) -> Presence | None:
    """A record; None if the text is none. Values of a wrong type are replaced by empty ones."""
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
    """An ordinary file of a sensible size; a link or a pipe in its place is not followed."""
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
    """A dataclass out of what was read: each value of its declared type, or that type's empty value."""
    declared = {each.name: str(each.type) for each in fields(kind)}  # type: ignore[arg-type]  # a dataclass
    return kind(**{name: _value(raw.get(name), type_) for name, type_ in declared.items()})


def _value(value: Any, declared: str) -> Any:
    if declared == "str":
        return _plain(value) if isinstance(value, str) else ""
    if declared in ("int", "float"):
        number = value if isinstance(value, int | float) and not isinstance(value, bool) else 0
        whole = number if -1e15 < number < 1e15 else 0  # neither infinite nor absurd
        return int(whole) if declared == "int" else float(whole)
    return value


def _plain(text: str) -> str:
    """Without what a terminal would obey."""
    return "".join(each if each.isprintable() else "?" for each in text[:_LONGEST])
