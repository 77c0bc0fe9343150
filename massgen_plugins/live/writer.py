"""Writes the record of this process, and clears away those of processes that are gone."""

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
"""Seconds; a home may be shared by machines that cannot see each other's processes."""


class PresenceFile:
    """The file of this process; belongs to one thread.

    Args:
        directory: As :func:`massgen_plugins.live.presence.live_directory` says; made with mode 0700.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._pid = os.getpid()
        # Processes of two containers with one home may have the same number.
        self._path = directory / f"{self._pid}-{secrets.token_hex(2)}.json"
        self._machine = machine()
        self._birth = birth_of(self._pid)
        self._last = ""

    def write(self, presence: Presence) -> None:
        """Replace the record as one step; nothing is written when nothing has changed.

        Raises:
            OSError: It cannot be written.
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
        """The process ends; a forked child's parent goes on."""
        if os.getpid() == self._pid:
            with suppress(OSError):
                self._path.unlink(missing_ok=True)

    def _sweep(self, now: float) -> None:
        """Remove the records of processes that were killed; those of other machines when they are old."""
        for path in self._directory.glob("*.json"):
            with suppress(OSError, ValueError):
                found = parse(path.read_text(encoding="utf-8"))
                here = found is not None and found.machine == self._machine and not found.alive
                if here or now - path.stat().st_mtime > _OLD:
                    path.unlink()
