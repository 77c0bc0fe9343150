"""What is the same for all programs: a pointer of one agent, and the proxies that its program passes by."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["Enter", "NotPointed", "Pointer", "past_proxies"]

Enter = Callable[[Callable[[Mapping[str, str]], str]], str]
"""Opens the gateway for a program, given where a request goes by its headers; returns the base URL."""

_OURS = "127.0.0.1"
_NAMES = ("NO_PROXY", "no_proxy")


class NotPointed(Exception):
    """An agent's program cannot be pointed; the text says why, as the end of a sentence."""


class Pointer(ABC):
    """Points one agent's program.

    Args:
        backend: MassGen's backend of the agent.
    """

    def __init__(self, backend: Any) -> None:
        self.backend = backend

    @abstractmethod
    def uses_plan(self) -> bool:
        """Whether the program logs in with a plan (a subscription), and not with an API key."""

    @abstractmethod
    def point(self, enter: Enter) -> None:
        """Point the program.

        Args:
            enter: Opens the gateway for it.

        Raises:
            NotPointed: It cannot be done.
            OSError: The gateway cannot listen.
        """

    def runs_in_docker(self) -> bool:
        """Whether MassGen starts the program in a container, from where this machine is not reached."""
        return bool(getattr(self.backend, "_docker_execution", False))


def past_proxies(environment: Mapping[str, str]) -> dict[str, str]:
    """The variables that keep a program's requests to the gateway from going to a proxy, key and all."""
    named = next((environment[name] for name in reversed(_NAMES) if environment.get(name)), "")
    hosts = [host.strip() for host in named.split(",") if host.strip()]
    value = ",".join(hosts if _OURS in hosts else [*hosts, _OURS])
    return dict.fromkeys(_NAMES, value)
