"""When a refusal invites to come again: in headers, in typed details, in prose; the latest holds."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from email.utils import parsedate_to_datetime
from typing import NamedTuple

from massgen_plugins.providers.durations import parse_duration
from massgen_plugins.providers.gemini.errors import GeminiError

__all__ = ["Hint", "read_hint"]

_GO = r"[0-9][0-9hmsun\N{MICRO SIGN}.]{0,60}?"
_PROSE = re.compile(
    rf"\b(?:retry|again|reset|resets|wait|available)(?: (?:in|after|for))? "
    rf"(?:about )?(?P<length>{_GO})(?: ?(?P<unit>second|minute|hour)s?)?(?=\.?(?:[\s,;)\"'\\]|$))",
    re.IGNORECASE,
)
_SECONDS_PER_UNIT = {"second": 1.0, "minute": 60.0, "hour": 3600.0}
_LONGEST = 40 * 86_400.0
"""Seconds; a longer time is a mistake."""


class Hint(NamedTuple):
    """When to come again.

    Attributes:
        seconds: After how many seconds; None if it is not said.
        until: The moment, in seconds since the epoch; None if it is not said.
    """

    seconds: float | None
    until: float | None


def read_hint(error: GeminiError, headers: Mapping[str, str]) -> Hint:
    """The longest time and the latest moment that an answer names; never raises.

    They disagree, since ``retryDelay`` is cut to whole seconds. A moment in the ``retry-after`` header
    becomes a length of time where a ``date`` header tells what the server's clock showed.
    """
    moment = _http_date(headers.get("retry-after", ""))
    sent = _http_date(headers.get("date", ""))
    lengths = [*_lengths(error, headers)]
    moments = [*_moments(error)]
    if moment is not None and sent is not None:
        lengths.append(max(0.0, moment - sent))
    elif moment is not None:
        moments.append(moment)
    return Hint(
        max((length for length in lengths if length <= _LONGEST), default=None),
        max(moments, default=None),
    )


def _lengths(error: GeminiError, headers: Mapping[str, str]) -> Iterator[float]:
    texts = [headers.get("retry-after", "")]
    milliseconds = headers.get("retry-after-ms", "")
    texts.append(f"{milliseconds}ms" if milliseconds else "")
    for detail in error.details:
        texts.append(str(detail.get("retryDelay", ""))[:100])
        metadata = detail.get("metadata")
        if isinstance(metadata, dict):
            texts.append(str(metadata.get("quotaResetDelay", ""))[:100])
    yield from (seconds for seconds in map(parse_duration, texts) if seconds is not None)
    for match in _PROSE.finditer(error.message):
        seconds = parse_duration(match["length"])
        if seconds is not None:
            yield seconds * _SECONDS_PER_UNIT.get((match["unit"] or "").lower(), 1.0)


def _moments(error: GeminiError) -> Iterator[float]:
    for detail in error.details:
        metadata = detail.get("metadata")
        if not isinstance(metadata, dict) or "quotaResetDelay" in metadata:  # which needs no clock to agree
            continue
        value = metadata.get("quotaResetTimeStamp")
        try:
            moment = dt.datetime.fromisoformat(value) if isinstance(value, str) else None
        except ValueError:
            continue
        if moment is not None and moment.tzinfo is not None:
            yield moment.timestamp()


def _http_date(text: str) -> float | None:
    """A date of HTTP in seconds since the epoch; None if the text is none."""
    try:
        moment = parsedate_to_datetime(text[:100])
        return moment.timestamp() if moment.tzinfo is not None else None
    except (ValueError, TypeError, OverflowError, IndexError, OSError):
        return None
