"""Interprets quota names, in all of Google's notations.

``GenerateRequestsPerDayPerProjectPerModel-FreeTier``, ``generate_requests_per_model_per_day``,
``Gemini 2.5 Pro Requests per day per user per tier``, ``Gemini25ProRequestsPerDay``: the name contains kind
and window.
"""

from __future__ import annotations

import re

from massgen_plugins.quota import MINUTE, NANOSECONDS, CalendarDay, CalendarMonth, Kind, Sliding, Window

__all__ = ["DAY_ZONE", "is_free_tier", "is_of_model", "kind_of", "window_of"]

DAY_ZONE = "America/Los_Angeles"
"""Google's daily quotas reset at midnight Pacific time."""

_WINDOWS: dict[str, Window] = {
    "second": Sliding(NANOSECONDS),
    "minute": MINUTE,
    "hour": Sliding(3600 * NANOSECONDS),
    "day": CalendarDay(DAY_ZONE),
    "month": CalendarMonth(DAY_ZONE),
}
_LONGEST = 300
"""Maximum characters of a name that are read; the longest known one has 80."""

_WINDOW = re.compile(r"per[ _-]?(second|minute|hour|day|month)", re.IGNORECASE)
_VERTEX_MINUTE = re.compile(r"online_prediction_(?:\w{1,30}_)?(?:requests|tokens)_per_base_model")
"""Vertex AI's quotas per minute, region and base model, whose names leave the minute out.

https://cloud.google.com/vertex-ai/generative-ai/docs/quotas (2025)
"""
_KINDS = (
    (re.compile(r"output[ _-]?token", re.IGNORECASE), Kind.OUTPUT_TOKENS),
    (re.compile(r"token", re.IGNORECASE), Kind.INPUT_TOKENS),  # Google's tokens per minute are input tokens
    (re.compile(r"request", re.IGNORECASE), Kind.REQUESTS),
)
_OF_MODEL = re.compile(r"generate|embed|gemini|gemma|per[ _-]?(?:base[ _-]?)?model", re.IGNORECASE)
_FREE = re.compile(r"free[ _-]?tier", re.IGNORECASE)


def window_of(name: str) -> Window | None:
    """The window of a quota; None if its name does not contain one."""
    match = _WINDOW.search(name[:_LONGEST])
    if match is None and _VERTEX_MINUTE.search(name[:_LONGEST]):
        return MINUTE
    return _WINDOWS[match[1].lower()] if match else None


def kind_of(name: str) -> Kind | None:
    """The kind of a quota; None if it is neither requests nor tokens."""
    return next((kind for words, kind in _KINDS if words.search(name[:_LONGEST])), None)


def is_of_model(name: str) -> bool:
    """Whether it is a quota for generating content or embeddings."""
    return _OF_MODEL.search(name[:_LONGEST]) is not None


def is_free_tier(name: str) -> bool:
    """Whether it is a free-tier quota."""
    return _FREE.search(name[:_LONGEST]) is not None
