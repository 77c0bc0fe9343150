"""Extracts a Gemini error from any wrapping: a list, a gateway's own error, a stream event."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from massgen_plugins.providers.gemini.wrappings import objects_in
from massgen_plugins.providers.sse import read_event
from massgen_plugins.providers.text import read_json_start

__all__ = ["GeminiError", "read_error"]

_DEEPEST = 12
"""Maximum nesting depth of an error; each wrapping adds two or three levels."""

_LONGEST_EVENT = 64 * 1024
"""Maximum bytes of an event that is searched for an error; real ones are a few kilobytes."""
_LONGEST_MESSAGE = 8_000
"""Maximum length of a message."""

_CODES = {
    "RESOURCE_EXHAUSTED": 429,
    "UNAVAILABLE": 503,
    "Too Many Requests": 429,
    "rate_limit_error": 429,
    "rate_limit_exceeded": 429,
    "throttling_error": 429,
    "overloaded_error": 529,
}
"""Statuses by names in ``code``, ``status`` or ``type``."""
_OLD_REASONS = frozenset(
    {"rateLimitExceeded", "userRateLimitExceeded", "quotaExceeded", "dailyLimitExceeded"}
)
"""``errors[].reason`` of older Google services, which also use status 403."""
_TEXTS = ("message", "detail", "msg")


@dataclass(frozen=True, slots=True)
class GeminiError:
    """A parsed error.

    Attributes:
        code: HTTP status stated in the error; 0 if none.
        message: Its message; may be empty.
        details: Its typed details, as far as they are objects.
    """

    code: int = 0
    message: str = ""
    details: tuple[Mapping[str, Any], ...] = ()


def read_error(body: bytes, *, in_stream: bool = False) -> GeminiError | None:
    """Find the innermost error in a body; None if there is none. Never raises.

    Args:
        body: An error answer, or one event of a stream.
        in_stream: Whether it is an event; then only explicit errors count.
    """
    if in_stream and b"error" not in body:
        return None
    name, text = _text_of(body)
    document = _first_value(text)
    if document is None:
        is_words = not in_stream and text and text[0] not in "<{["
        return GeminiError(message=text[:_LONGEST_MESSAGE]) if is_words else None
    return _find(document, loose=not in_stream or name == "error", depth=0)


def _text_of(body: bytes) -> tuple[str, str]:
    """An event's name and data; for other bodies, the whole text."""
    body = body.lstrip(b"\xef\xbb\xbf, \t\r\n")  # list elements start with a comma
    if not body.startswith((b"data:", b"event:", b"id:", b"retry:", b":")):
        return "", body.decode("utf-8", "replace").strip()
    event = read_event(body[:_LONGEST_EVENT])
    return event.name, event.data.decode("utf-8", "replace").strip()


def _first_value(text: str) -> object | None:
    """The first JSON value; for an incomplete list, its first element."""
    value = read_json_start(text)[0]
    if value is None and text.startswith("["):
        return read_json_start(text[1:].lstrip())[0]
    return value


def _find(value: object, *, loose: bool, depth: int) -> GeminiError | None:
    """The innermost error in a value; with ``loose``, an object without ``error`` may be one, too."""
    if depth > _DEEPEST:
        return None
    if isinstance(value, str):
        return _in_text(value, depth)
    if isinstance(value, list):
        errors = (_find(item, loose=loose, depth=depth + 1) for item in value[:4])
        return next((error for error in errors if error is not None), None)
    if not isinstance(value, dict):
        return None
    inner = value.get("error") or (value.get("errors") if loose and "message" not in value else None)
    if isinstance(inner, str) and isinstance(value.get("message"), str):  # a title and its explanation
        inner = f"{inner}: {value['message']}"
    if not inner:
        return _of_object(value, depth) if loose else None
    found = _find(inner, loose=True, depth=depth + 1)
    return _with_code(found, _code_of(value)) if found is not None else None


def _in_text(text: str, depth: int) -> GeminiError:
    found = (_find(inner, loose=True, depth=depth + 1) for inner in objects_in(text))
    return next(
        (error for error in found if error is not None and error.message),
        GeminiError(message=text[:_LONGEST_MESSAGE]),
    )


def _of_object(error: Mapping[str, Any], depth: int) -> GeminiError:
    own = GeminiError(code=_code_of(error), details=tuple(_objects(error.get("details"))))
    metadata = error.get("metadata")
    raw = metadata.get("raw") if isinstance(metadata, dict) else None
    for text in (raw, *(error.get(name) for name in _TEXTS)):
        inner = _find(text, loose=True, depth=depth + 1) if text else None
        if inner is not None:
            inner = _with_code(inner, own.code)
            return inner if inner.details else replace(inner, details=own.details)
    return own


def _with_code(error: GeminiError, code: int) -> GeminiError:
    return error if error.code else replace(error, code=code)


def _code_of(error: Mapping[str, Any]) -> int:
    if any(item.get("reason") in _OLD_REASONS for item in _objects(error.get("errors"))):
        return 429
    for name in ("code", "status", "status_code", "type"):
        value = error.get(name)
        if type(value) is int and 0 < value < 1000:
            return value
        if isinstance(value, str):
            number = int(value) if value.isascii() and value.isdigit() and len(value) == 3 else 0
            number = number or _CODES.get(value, 0)
            if number:
                return number
    return 0


def _objects(value: Any) -> Iterator[Mapping[str, Any]]:
    return (item for item in (value if isinstance(value, list) else ()) if isinstance(item, dict))
