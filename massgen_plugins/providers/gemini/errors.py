"""A Gemini error, out of any wrapping it comes in: JSON, a list around it, or the first event of a stream."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["GeminiError", "read_error"]

_LARGEST_ERROR = 1024 * 1024
"""Bytes; a real error is a few kilobytes."""

_CODES = {"RESOURCE_EXHAUSTED": 429, "UNAVAILABLE": 503}


@dataclass(frozen=True, slots=True)
class GeminiError:
    """The ``error`` object of an answer, as far as it is there.

    Attributes:
        code: HTTP status that the object itself names; 0 if none.
        message: Text for people, may be empty.
        details: The typed details, those that are objects.
    """

    code: int = 0
    message: str = ""
    details: tuple[Mapping[str, Any], ...] = ()


def read_error(body: bytes) -> GeminiError | None:
    """Find the error in a body or in a stream's first event; None if there is none; never raises."""
    if b'"error"' not in body or len(body) > _LARGEST_ERROR:
        return None
    document = _decode(_first_event(body.decode("utf-8", "replace").lstrip("\ufeff \t\r\n")))
    if isinstance(document, list):
        document = next(iter(document), None)
    error = document.get("error") if isinstance(document, dict) else None
    if isinstance(error, str):  # how some proxies write it
        return GeminiError(message=error)
    return _from_object(error) if isinstance(error, dict) else None


def _first_event(text: str) -> str:
    """The data of the first server-sent event; a text that is JSON already stays as it is."""
    if text.startswith(("{", "[")):
        return text
    data: list[str] = []
    for line in text.splitlines():
        if line.startswith("data:"):
            data.append(line[5:])
        elif not line and data:
            break
    return "\n".join(data).strip()


def _decode(text: str) -> Any:
    """The first JSON value; of a list that has not ended yet, its first element."""
    decoder = json.JSONDecoder()
    for candidate in (text, text[1:].lstrip() if text.startswith("[") else ""):
        try:
            return decoder.raw_decode(candidate)[0]
        except (ValueError, RecursionError):
            continue
    return None


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _from_object(error: Mapping[str, Any]) -> GeminiError:
    code, status = error.get("code"), error.get("status")
    if not isinstance(code, int):
        code = _CODES.get(status, 0) if isinstance(status, str) else 0
    message, details = error.get("message"), error.get("details")
    return GeminiError(
        code=code,
        message=message if isinstance(message, str) else "",
        details=tuple(item for item in _listed(details) if isinstance(item, dict)),
    )
