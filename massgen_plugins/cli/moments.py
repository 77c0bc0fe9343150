"""Parses points in time: ``7d``, ``yesterday``, ``2026-11-30``, ``2026-11-30T12:00``."""

from __future__ import annotations

import re
import time
from datetime import datetime, timedelta

from massgen_plugins.errors import ConfigurationError

__all__ = ["moment"]

_AGO = re.compile(r"([0-9]{1,5})([mhdw])")
_SECONDS = {"m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_MONTH = re.compile(r"[0-9]{4}-[0-9]{2}")


def moment(written: str, option: str, now: float | None = None) -> float:
    """Convert to seconds since the epoch; days begin at local midnight.

    Args:
        written: An elapsed duration, ``today``, ``yesterday``, a date, a month, or a date and time.
        option: Name of the option, for the message.
        now: Seconds since the epoch; None for the current time.

    Raises:
        ConfigurationError: It is none of these.
    """
    now = time.time() if now is None else now
    text = written.strip()
    if found := _AGO.fullmatch(text):
        return now - int(found[1]) * _SECONDS[found[2]]
    midnight = datetime.fromtimestamp(now).astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
    days = {"today": 0, "yesterday": 1}.get(text)
    if days is not None:
        # By date, since days around DST changes have 23 or 25 hours.
        return _local((midnight - timedelta(days=days)).replace(tzinfo=None))
    try:
        return _local(datetime.fromisoformat(f"{text}-01" if _MONTH.fullmatch(text) else text))
    except (ValueError, OverflowError, OSError):
        from massgen_plugins.profiles.document import shown

        raise ConfigurationError(
            f"{option}: {shown(text)} is not a point in time; write a span such as 7d, 24h or 30m, today, "
            "yesterday, or a date such as 2026-11-30 or 2026-11-30T12:00."
        ) from None


def _local(naive: datetime) -> float:
    return naive.timestamp()
