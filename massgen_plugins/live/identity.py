"""Tells whether the process that wrote a record is still the one that has its number."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

__all__ = ["birth_of", "machine", "runs"]

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_NAMESPACE = Path("/proc/self/ns/pid")
_AFTER_NAME = b") "
_START = 19
"""Place of a process's start among the fields of ``/proc/PID/stat`` that follow its name."""


def machine() -> str:
    """Names this boot and, in a container, its numbering of processes; "" where the system names neither."""
    parts = []
    with suppress(OSError):
        parts.append(_BOOT_ID.read_text(encoding="ascii").strip())
        parts.append(_NAMESPACE.readlink().name)
    return " ".join(parts)


def birth_of(pid: int) -> int:
    """When a process was started, in ticks since the boot; 0 if the system does not say."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
        return int(stat.rpartition(_AFTER_NAME)[2].split()[_START])
    except (OSError, ValueError, IndexError):
        return 0


def runs(pid: int, where: str, birth: int) -> bool:
    """Whether a process is alive that was named so by :func:`machine` and :func:`birth_of`."""
    if where != machine() or pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except PermissionError:
        pass
    except (OSError, OverflowError):
        return False
    return birth_of(pid) == birth
