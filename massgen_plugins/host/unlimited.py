"""Agents that should be limited but whose traffic is not recognised: recorded for ``status`` and ``doctor``.

A record has the agent's name, the host's name and the time, and is kept for a day, next to the default store.
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
        way: Its traffic, such as ``requests to api.example``.
        seen: When it was last seen, in seconds since the epoch.
    """

    agent: str
    way: str
    seen: float

    @property
    def sentence(self) -> str:
        """Describe it in one sentence."""
        return f"agent {self.agent} ran WITHOUT limits: {self.way}, which no provider plugin reads"


def way_of(url: str) -> str:
    """Describe unrecognised traffic by its URL."""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "a host")[:_LONGEST]
    except ValueError:  # such as an invalid IPv6 address
        return "requests to a host"
    kind = {"ws": "a web socket", "wss": "a web socket", "grpc": "gRPC"}.get(parts.scheme, "requests")
    return f"{kind} to {host}"


def cure_of(way: str) -> str:
    """How to get limits for such traffic."""
    if way.startswith("a web socket"):
        return "leave websocket_mode out of its backend:"
    if way.startswith("gRPC"):
        return "let its tools use another provider than one over gRPC"
    return "use a backend whose provider is known, or write one: /limits/write-a-provider in the handbook"


def remember(agent: str, way: str) -> None:
    """Record it for ``status`` and ``doctor``, on a thread, since another process may hold the lock."""
    found = Unlimited(str(agent)[:_LONGEST], way[:_LONGEST], time.time())
    threading.Thread(target=_keep, args=(found,), name="massgen-plugins-unlimited").start()


def remembered() -> list[Unlimited]:
    """The records of the last day, latest first; empty if the file cannot be read."""
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
