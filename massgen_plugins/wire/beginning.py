"""How much of an answer's body must be seen before its verdict: nothing, one event, or all of an error."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TypeAlias

__all__ = ["Beginning", "beginning_of", "told_headers"]

Beginning: TypeAlias = Callable[[bytes | bytearray], slice | None]
"""Where, within the bytes seen so far, the part to judge is; None while more is needed."""

_EVENT_LIMIT = 64 * 1024
_ERROR_LIMIT = 1024 * 1024
_EVENT_END = re.compile(rb"\r\n\r\n|\n\n|\r\r")
_DATA_FIELD = re.compile(rb"(?<![^\r\n])data[:\r\n]")
_TOLD_NAME = re.compile(r"^date$|^retry-after|ratelimit|rate-limit|quota")


def beginning_of(status: int, headers: Mapping[str, str], *, stream: bool) -> Beginning:
    """The rule for one answer.

    An error is wanted whole. A stream with status 200 can hide a refusal in its first event; of a
    stream that is not made of events, the first bytes must do. All else is judged by its headers.
    """
    if status >= 400:
        return _whole_error
    if status != 200 or not stream:
        return _nothing
    return _first_event if "event-stream" in headers.get("content-type", "") else _first_bytes


def _nothing(_seen: bytes | bytearray) -> slice | None:
    return slice(0)


def _first_bytes(seen: bytes | bytearray) -> slice | None:
    return slice(len(seen)) if seen else None


def _whole_error(seen: bytes | bytearray) -> slice | None:
    return None if len(seen) < _ERROR_LIMIT else slice(len(seen))


def _first_event(seen: bytes | bytearray) -> slice | None:
    """The first event that carries data: comments before it only keep the connection alive."""
    start = 0
    for end in _EVENT_END.finditer(seen):
        if _DATA_FIELD.search(seen, start, end.end()):
            return slice(start, end.end())
        start = end.end()
    return None if len(seen) < _EVENT_LIMIT else slice(len(seen))


def told_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers that speak of quotas or say what time it is; names must be in lower case already."""
    return {name: value for name, value in headers.items() if _TOLD_NAME.search(name)}
