"""Retry delays of refusals, from headers, typed details and prose; the longest applies."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from massgen_plugins.providers.gemini.errors import GeminiError
from massgen_plugins.providers.headers import (
    clock_of,
    parse_duration,
    parse_moment,
    parse_number,
    retry_after,
)
from massgen_plugins.providers.hints import prose_moment, prose_wait

__all__ = ["Hint", "read_hint"]

_LONGEST = 40 * 86_400.0
"""Seconds; longer delays are invalid."""
_EPOCH = 1e9
"""Header values from here on are timestamps, which cannot be converted without a clock."""
_TEXT_FORMAT = re.compile(
    r"retry_delay \{\s{1,20}(?:seconds: (?P<seconds>[0-9]{1,9})\s{1,20})?"
    r"(?:nanos: (?P<nanos>[0-9]{1,9})\s{1,20})?\}"
)
"""A delay as the older Google SDK shows it, in Protocol Buffers' text format."""


class Hint(NamedTuple):
    """When to retry.

    Attributes:
        seconds: Delay in seconds; None if not stated.
        until: Time in seconds since the epoch; None if not stated.
    """

    seconds: float | None
    until: float | None


def read_hint(error: GeminiError, headers: Mapping[str, str]) -> Hint:
    """The longest delay and the latest time in an answer. Never raises.

    They may disagree, since ``retryDelay`` is truncated to whole seconds. A date in the ``retry-after``
    header is converted to a delay if there is a ``date`` header.
    """
    after = retry_after(headers, clock_of(headers) or 0.0)
    lengths = [after, *_lengths(error)]
    moments = [*_moments(error)]
    if after is not None and after >= _EPOCH:
        moments.append(after)
    return Hint(
        max((length for length in lengths if length is not None and length <= _LONGEST), default=None),
        max((moment for moment in moments if moment is not None), default=None),
    )


def _lengths(error: GeminiError) -> Iterator[float | None]:
    yield prose_wait(error.message)
    for match in _TEXT_FORMAT.finditer(error.message):
        yield _seconds(match["seconds"] or 0, match["nanos"] or 0)
    for detail in error.details:
        delay = detail.get("retryDelay")
        if isinstance(delay, dict):
            yield _seconds(delay.get("seconds", 0), delay.get("nanos", 0))
        yield parse_duration(_text(detail, "retryDelay"))
        yield parse_duration(_text(_metadata(detail), "quotaResetDelay"))


def _moments(error: GeminiError) -> Iterator[float | None]:
    yield prose_moment(error.message)
    for metadata in map(_metadata, error.details):
        # The delay is preferred, since it needs no synchronised clock.
        if parse_duration(_text(metadata, "quotaResetDelay")) is None:
            yield parse_moment(_text(metadata, "quotaResetTimeStamp"))


def _seconds(seconds: Any, nanos: Any) -> float | None:
    """A duration as an object, or in text format, instead of Google's usual ``22.5s``."""
    whole, part = parse_number(str(seconds)), parse_number(str(nanos))
    return None if whole is None or part is None or whole < 0 else whole + part / 1e9


def _metadata(detail: Mapping[str, Any]) -> Mapping[str, Any]:
    metadata = detail.get("metadata")
    return metadata if isinstance(metadata, dict) else {}


def _text(owner: Mapping[str, Any], name: str) -> str:
    value = owner.get(name)
    return value if isinstance(value, str) else ""
