"""Refusals that can only be recognised by their text: credit, size, missing free tier, overload."""

from __future__ import annotations

import re

__all__ = [
    "code_of_words",
    "has_no_free_tier",
    "is_too_large",
    "spending_window",
    "without_pointers",
]

_LIMITED = re.compile(
    r"\b429\b|too many requests|rate.?limit|resource.{0,10}exhausted|exceeded your current quota|throttl",
    re.IGNORECASE,
)
_BUSY = re.compile(r"overloaded|high demand|\b503\b|\bunavailable\b", re.IGNORECASE)
_NO_FREE_TIER = re.compile(r"does(?: not|n't) have a free (?:quota )?tier", re.IGNORECASE)
_SPENDING = re.compile(r"spend-based|spending rate", re.IGNORECASE)
_DOLLARS = re.compile(r"\$ ?([0-9]{1,7}(?:\.[0-9]{1,2})?)")
_REQUESTED = re.compile(
    r"requested:? (?P<requested>[0-9]{1,15})\b.{0,100}?\blimit:? (?P<after>[0-9]{1,15})"
    r"|\blimit:? (?P<before>[0-9]{1,15})\b.{0,100}?requested:? (?P<wanted>[0-9]{1,15})",
    re.IGNORECASE,
)
_TOO_LARGE = re.compile(
    r"(?:request|prompt|input)(?: size)? (?:is )?(?:too large|larger than)"
    r"|(?:token count|request size).{0,40}exceeds",
    re.IGNORECASE,
)
_POINTERS = re.compile(
    r"(?:(?:(?:For more information|To monitor)[^\n]{0,80}?head to: \S+"
    r"|Please refer to \S+ for more details\.?)\s?)+",
    re.IGNORECASE,
)


def code_of_words(message: str) -> int:
    """The HTTP status implied by a message; 0 if it is not a refusal."""
    return 429 if _LIMITED.search(message) else 503 if _BUSY.search(message) else 0


def has_no_free_tier(message: str) -> bool:
    """Whether the model is not available on the free tier."""
    return _NO_FREE_TIER.search(message) is not None


def spending_window(message: str) -> tuple[bool, int | None]:
    """Whether the spending limit is exceeded, and the limit in millionths of a dollar if stated."""
    if not _SPENDING.search(message):
        return False, None
    dollars = _DOLLARS.search(message)
    return True, round(float(dollars[1]) * 1_000_000) if dollars else None


def is_too_large(message: str) -> bool:
    """Whether the request is larger than a whole limit, according to the message."""
    match = _REQUESTED.search(message)
    if match and int(match["requested"] or match["wanted"]) > int(match["after"] or match["before"]):
        return True
    return _TOO_LARGE.search(message) is not None


def without_pointers(message: str) -> str:
    """Remove sentences that only link to a page, to keep quotations short."""
    return _POINTERS.sub("\N{HORIZONTAL ELLIPSIS} ", message)
