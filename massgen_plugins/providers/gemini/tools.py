"""Tools that Google runs, such as grounding: each has a quota in addition to the model's."""

from __future__ import annotations

import re

__all__ = ["pool_of_quota", "tool_pools"]

_PREFIX = "gemini:"
"""Prefix of provider-defined pool names, also in profiles, to distinguish them from models."""

_FIELDS = {
    "googleSearch": "google_search",
    "googleSearchRetrieval": "google_search",
    "enterpriseWebSearch": "google_search",
    "googleMaps": "google_maps",
    "urlContext": "url_context",
    "fileSearch": "file_search",
}
"""Tools by field in an element of ``tools``; JSON allows both spellings of each."""
_SNAKE = re.compile(r"_([a-z])")

_QUOTAS = (
    ("google_maps", re.compile(r"maps", re.IGNORECASE)),
    ("url_context", re.compile(r"url_?context", re.IGNORECASE)),
    ("file_search", re.compile(r"file_?search", re.IGNORECASE)),
    ("google_search", re.compile(r"grounding|(?:google|web)_?search", re.IGNORECASE)),
)
"""Words in quota names; the first match wins, since "maps grounding" is not a search."""


def tool_pools(tools: object) -> tuple[str, ...]:
    """Pools of a request's ``tools`` that have a separate quota, such as ``gemini:google_search``."""
    found = {
        _FIELDS[name]: None
        for tool in (tools if isinstance(tools, list) else [tools])
        for name in map(_camel, tool if isinstance(tool, dict) else ())
        if name in _FIELDS
    }
    return tuple(_PREFIX + tool for tool in found)


def pool_of_quota(name: str) -> str | None:
    """The tool's pool for a quota name; None if it is not a tool's quota."""
    return next((_PREFIX + tool for tool, words in _QUOTAS if words.search(name)), None)


def _camel(name: str) -> str:
    return _SNAKE.sub(lambda match: match[1].upper(), name)
