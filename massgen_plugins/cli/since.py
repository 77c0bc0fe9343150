"""Spans and moments as people write them on the command line: ``7d``, ``12h``, ``2026-11-24``, ``today``."""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta

from massgen_plugins.errors import ConfigurationError

__all__ = ["moment_of"]

_SPAN = re.compile(r"(\d{1,5})\s*(m|min|h|d|w)")
_UNITS = {"m": 60, "min": 60, "h": 3600, "d": 86_400, "w": 604_800}
_FORMS = "write a span such as 30m, 12h, 7d or 2w, a date such as 2026-11-24, `today`, or `all`"


def moment_of(text: str, now: float, option: str = "--since") -> float | None:
    """The moment that is meant, in seconds since the epoch; None for ``all``.

    Days begin at midnight of this machine's time zone; ``1d`` is today, ``7d`` the last seven days.

    Raises:
        ConfigurationError: It is no moment.
    """
    wanted = text.strip().lower()
    here = datetime.fromtimestamp(now).astimezone()
    midnight = datetime.combine(here.date(), time(0)).astimezone()
    if wanted == "all":
        return None
    if wanted == "today":
        return midnight.timestamp()
    if found := _SPAN.fullmatch(wanted):
        number, unit = int(found[1]), found[2]
        if unit in ("d", "w"):
            days = number * _UNITS[unit] // 86_400
            return (midnight - timedelta(days=max(0, days - 1))).timestamp()
        return now - number * _UNITS[unit]
    try:
        return datetime.fromisoformat(text.strip()).astimezone().timestamp()
    except (ValueError, OverflowError, OSError):
        from massgen_plugins.profiles.document import shown

        raise ConfigurationError(f"{option}: {shown(text)} is no moment; {_FORMS}.") from None
