"""A clock for all processes of a machine that never jumps, and continues after a reboot.

The wall clock may be set; a monotonic clock restarts with each boot. So the time since boot (suspends
included) is shifted by an offset kept with the data: after a reboot the clock continues from the last written
tick, plus the time since boot. It never runs ahead of true time, so nothing ages out early.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

__all__ = ["boot_identity", "boot_tick", "offset_for"]

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_OFFSETS = Path("/proc/self/timens_offsets")

_CLOCK = getattr(time, "CLOCK_BOOTTIME", getattr(time, "CLOCK_MONOTONIC", None))
"""None on Windows, which has one monotonic clock."""


def _namespace() -> int:
    """Nanoseconds by which a container's time namespace shifts the clock; 0 without one."""
    try:
        lines = _OFFSETS.read_text(encoding="ascii").splitlines()
        rows = (line.split() for line in lines)
        return next((int(s) * 1_000_000_000 + int(ns) for name, s, ns in rows if name == "boottime"), 0)
    except (OSError, ValueError):
        return 0


_NAMESPACE = _namespace()


def _tick() -> Callable[[], int]:
    if _CLOCK is None:
        return time.monotonic_ns
    read = partial(time.clock_gettime_ns, int(_CLOCK))
    return (lambda: read() - _NAMESPACE) if _NAMESPACE else read


boot_tick = _tick()
"""Nanoseconds since boot, with suspends where the system counts them; the same inside containers."""


def boot_identity() -> str:
    """The name of this boot; empty where the system has none."""
    try:
        return _BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        return ""


def offset_for(boot: str, known_boot: str, known_offset: int, last_tick: int, since_boot: int) -> int:
    """The offset to add to :func:`boot_tick`.

    Args:
        boot: This boot's name.
        known_boot: The boot in which the data was last written; empty if never.
        known_offset: The offset of that boot.
        last_tick: The latest tick written.
        since_boot: Nanoseconds since this boot.
    """
    if boot and boot == known_boot:
        return known_offset
    if not boot and since_boot + known_offset >= last_tick:
        return known_offset  # boots have no names: the same one, unless time would run backwards
    return last_tick
