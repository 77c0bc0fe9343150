"""The address of a Redis server in settings: its location, without credentials."""

from __future__ import annotations

import re

__all__ = ["address_problem", "is_redis"]

_ADDRESS = re.compile(r"rediss?://(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::(\d{1,5}))?(?:/\d{0,4})?")


def is_redis(text: str) -> bool:
    """Whether a text is meant as a Redis address."""
    return text.startswith(("redis://", "rediss://"))


def address_problem(text: str) -> str:
    """The problem with an address, and the fix; empty if it is valid. Never shown: it may hold a password."""
    if "@" in text:
        return (
            "user and password do not belong here; set MASSGEN_RATE_LIMIT_REDIS_USERNAME and "
            "MASSGEN_RATE_LIMIT_REDIS_PASSWORD in the environment, or in MassGen's .env file"
        )
    found = _ADDRESS.fullmatch(text)
    if found is None or not 0 < int(found[1] or 1) < 65_536:
        return "write redis://HOST:6379/0, or rediss:// for an encrypted connection"
    return ""
