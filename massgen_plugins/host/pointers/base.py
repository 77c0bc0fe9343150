"""Base class of the pointers, and the bypassing of proxies."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["Enter", "NotPointed", "Pointer", "past_proxies"]

Enter = Callable[[Callable[[Mapping[str, str]], str]], str]
"""Opens the gateway for a program, given a function from headers to upstream URL; returns the base URL."""

_OURS = "127.0.0.1"
_NAMES = ("NO_PROXY", "no_proxy")


class NotPointed(Exception):
    """An agent's program cannot use the gateway; the text is the reason, as the end of a sentence."""


class Pointer(ABC):
    """Points one agent's program to the gateway.

    Args:
        backend: MassGen's backend of the agent.
    """

    def __init__(self, backend: Any) -> None:
        self.backend = backend

    @abstractmethod
    def uses_plan(self) -> bool:
        """Whether the program logs in with a plan (a subscription) instead of an API key."""

    @abstractmethod
    def point(self, enter: Enter) -> None:
        """Point the program to the gateway.

        Args:
            enter: Opens the gateway for it.

        Raises:
            NotPointed: This is not possible.
            OSError: The gateway cannot listen.
        """

    def runs_in_docker(self) -> bool:
        """Whether MassGen starts the program in a container, which cannot reach the gateway."""
        return bool(getattr(self.backend, "_docker_execution", False))


def past_proxies(environment: Mapping[str, str]) -> dict[str, str]:
    """Variables that keep a program from sending gateway requests, including the key, to a proxy."""
    named = next((environment[name] for name in reversed(_NAMES) if environment.get(name)), "")
    hosts = [host.strip() for host in named.split(",") if host.strip()]
    value = ",".join(hosts if _OURS in hosts else [*hosts, _OURS])
    return dict.fromkeys(_NAMES, value)
