"""The last reported use of plans, in a small file shared by all processes of a user.

A plan is a subscription that an agent's program logs in with. The file names programs and windows, but no
accounts.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from massgen_plugins.live.presence import live_directory, made

__all__ = ["PlanNote", "plans_file", "read_plans", "write_plans"]

_MAX_BYTES = 65_536
_OLD = 8 * 86_400.0
"""Seconds after which a window without a known end has expired: the longest one is a week."""


@dataclass(frozen=True, slots=True)
class PlanNote:
    """The reported use of one window of a plan.

    Attributes:
        program: MassGen's backend type of the agents that use the plan.
        window: Display name of the window.
        used: The used fraction, 0 to 1, or more.
        resets_at: When it resets, in seconds since the epoch; 0 if unknown.
        seen: When it was reported, in seconds since the epoch.
    """

    program: str
    window: str
    used: float
    resets_at: float
    seen: float

    def holds(self, now: float) -> bool:
        """Whether the window has not ended yet."""
        return now < (self.resets_at or self.seen + _OLD)


def plans_file() -> Path | None:
    """Path of the file; None if the user has no home directory."""
    directory = live_directory()
    return directory.parent / "plans.json" if directory else None


def read_plans(now: float, file: Path | None = None) -> list[PlanNote]:
    """The notes about current windows; none if the file cannot be read.

    Args:
        now: Seconds since the epoch.
        file: The file; None for the user's own.
    """
    path = file or plans_file()
    try:
        if path is None or not path.is_file() or path.stat().st_size > _MAX_BYTES:
            return []
        found = _parse(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return []
    return sorted((each for each in found if each.holds(now)), key=lambda each: (each.program, each.window))


def write_plans(notes: Iterable[PlanNote], now: float, file: Path | None = None) -> None:
    """Merge new notes into the file, which gets mode 0600.

    Raises:
        OSError: The file cannot be written.
    """
    path = file or plans_file()
    if path is None:
        return
    known = {(each.program, each.window): each for each in (*read_plans(now, path), *notes)}
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".plans-{secrets.token_hex(4)}.json")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as opened:
            json.dump([asdict(each) for each in known.values()], opened)
        draft.replace(path)
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)


def _parse(content: bytes) -> list[PlanNote]:
    """Parse the notes; ValueError if the content is not JSON."""
    rows = json.loads(content)
    return [made(PlanNote, row) for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
