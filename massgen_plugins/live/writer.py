"""Writes the record of this process, and removes those of processes that have ended."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from massgen_plugins.live.identity import birth_of, machine
from massgen_plugins.live.presence import Presence, parse

__all__ = ["PresenceFile"]

_OLD = 7 * 86_400
"""Seconds before a record of another machine is removed, since a home directory may be shared."""


class PresenceFile:
    """The file of this process. Not thread-safe.

    Args:
        directory: Value of :func:`massgen_plugins.live.presence.live_directory`; created with mode 0700.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._pid = os.getpid()
        # Containers that share a home directory may use the same process IDs.
        self._path = directory / f"{self._pid}-{secrets.token_hex(2)}.json"
        self._machine = machine()
        self._birth = birth_of(self._pid)
        self._last = ""

    def write(self, presence: Presence) -> None:
        """Replace the record atomically, if it has changed.

        Raises:
            OSError: The record cannot be written.
        """
        made = replace(presence, pid=self._pid, machine=self._machine, birth=self._birth)
        unchanged = replace(made, written=0.0).as_json()
        if unchanged == self._last:
            return
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not self._last:
            self._sweep(presence.written)
        draft = self._path.with_name(f".{self._path.name}")
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_NOFOLLOW", 0)
        with os.fdopen(os.open(draft, flags, 0o600), "w", encoding="utf-8") as file:
            file.write(made.as_json())
        draft.replace(self._path)
        self._last = unchanged

    def remove(self) -> None:
        """Remove the record at process exit, but not from a forked child."""
        if os.getpid() == self._pid:
            with suppress(OSError):
                self._path.unlink(missing_ok=True)

    def _sweep(self, now: float) -> None:
        """Remove records of killed processes, and old ones of other machines."""
        for path in self._directory.glob("*.json"):
            with suppress(OSError, ValueError):
                found = parse(path.read_text(encoding="utf-8"))
                here = found is not None and found.machine == self._machine and not found.alive
                if here or now - path.stat().st_mtime > _OLD:
                    path.unlink()
