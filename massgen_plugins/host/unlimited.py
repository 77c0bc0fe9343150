"""Agents that are switched on and whose traffic nobody reads: kept for ``status`` and ``doctor``.

What is kept is an agent's name, a host's name and a time, for a day, in a file beside the default store.
"""

from __future__ import annotations

import json
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from massgen_plugins.errors import ConfigurationError
from massgen_plugins.profiles.places import default_store_path
from massgen_plugins.profiles.safe_files import read_text, update_text

__all__ = ["Unlimited", "cure_of", "remember", "remembered", "way_of"]

_FILE = "unlimited.json"
_KEPT_FOR = 86_400
_MOST = 20
_LONGEST = 100


@dataclass(frozen=True, slots=True)
class Unlimited:
    """An agent that ran without limits.

    Attributes:
        agent: Its name.
        way: How it spoke to whom, such as ``requests to api.example``.
        seen: When it was last seen, in seconds since the epoch.
    """

    agent: str
    way: str
    seen: float

    @property
    def sentence(self) -> str:
        """One sentence for people."""
        return f"agent {self.agent} ran WITHOUT limits: {self.way}, which no provider plugin reads"


def way_of(url: str) -> str:
    """How traffic that nobody reads goes to whom."""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "a host")[:_LONGEST]
    except ValueError:  # such as a broken IPv6 address
        return "requests to a host"
    kind = {"ws": "a web socket", "wss": "a web socket", "grpc": "gRPC"}.get(parts.scheme, "requests")
    return f"{kind} to {host}"


def cure_of(way: str) -> str:
    """What to do so that such traffic has limits."""
    if way.startswith("a web socket"):
        return "leave websocket_mode out of its backend:"
    if way.startswith("gRPC"):
        return "let its tools use another provider than one over gRPC"
    return "use a backend whose provider is known, or write one: /limits/write-a-provider in the handbook"


def remember(agent: str, way: str) -> None:
    """Keep it for ``status`` and ``doctor``; in a thread, since another process may hold the file."""
    found = Unlimited(str(agent)[:_LONGEST], way[:_LONGEST], time.time())
    threading.Thread(target=_keep, args=(found,), name="massgen-plugins-unlimited").start()


def remembered() -> list[Unlimited]:
    """Those of the last day, the latest first; none if the file cannot be read."""
    path = _path()
    if path is None or not path.is_file():
        return []
    with suppress(ConfigurationError):
        return _read(read_text(path))
    return []


def _keep(found: Unlimited) -> None:
    def change(text: str) -> str:
        others = [each for each in _read(text) if (each.agent, each.way) != (found.agent, found.way)]
        rows = [found, *others][:_MOST]
        return json.dumps([[each.agent, each.way, each.seen] for each in rows])

    path = _path()
    if path is not None:
        with suppress(ConfigurationError):
            update_text(path, change)


def _read(text: str) -> list[Unlimited]:
    try:
        found = json.loads(text or "[]")
        rows = [Unlimited(str(agent)[:_LONGEST], str(way)[:_LONGEST], float(at)) for agent, way, at in found]
    except (TypeError, ValueError, RecursionError):
        return []
    return [each for each in rows[:_MOST] if 0 <= time.time() - each.seen < _KEPT_FOR]


def _path() -> Path | None:
    store = default_store_path()
    return store.with_name(_FILE) if store else None
