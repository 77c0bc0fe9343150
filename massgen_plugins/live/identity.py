"""Checks whether a process ID still refers to the process that wrote a record."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

__all__ = ["birth_of", "machine", "runs"]

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_NAMESPACE = Path("/proc/self/ns/pid")
_AFTER_NAME = b") "
_START = 19
"""Index of the start time among the fields of ``/proc/PID/stat`` after the name."""


def machine() -> str:
    """Identify this boot and, in a container, its PID namespace; "" where the system provides neither."""
    parts = []
    with suppress(OSError):
        parts.append(_BOOT_ID.read_text(encoding="ascii").strip())
        parts.append(_NAMESPACE.readlink().name)
    return " ".join(parts)


def birth_of(pid: int) -> int:
    """Start time of a process, in ticks since boot; 0 if unknown."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
        return int(stat.rpartition(_AFTER_NAME)[2].split()[_START])
    except (OSError, ValueError, IndexError):
        return 0


def runs(pid: int, where: str, birth: int) -> bool:
    """Whether the process that :func:`machine` and :func:`birth_of` identified is alive."""
    if where != machine() or pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except PermissionError:
        pass
    except (OSError, OverflowError):
        return False
    return birth_of(pid) == birth
