"""This machine's time zone, in which the days of budgets begin."""

from __future__ import annotations

import os
from pathlib import Path
from zoneinfo import ZoneInfo

__all__ = ["local_zone"]

_LINK = Path("/etc/localtime")
_FILE = Path("/etc/timezone")


def local_zone() -> str:
    """The IANA name; ``UTC`` if it cannot be determined."""
    for name in (os.environ.get("TZ", "").lstrip(":"), _linked(), _written()):
        if name and _is_known(name):
            return name
    return "UTC"


def _linked() -> str:
    try:
        return str(_LINK.resolve()).partition("zoneinfo/")[2]
    except OSError:
        return ""


def _written() -> str:
    try:
        return _FILE.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeError):
        return ""


def _is_known(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True
