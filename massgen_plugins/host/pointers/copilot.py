"""Copilot: extends the environment of the program that its SDK starts."""

from __future__ import annotations

import os
import re
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from massgen_plugins.host.pointers.base import Enter, NotPointed, Pointer, past_proxies

__all__ = ["COPILOT_CURE", "CopilotPointer", "sdk_version", "suits_massgen"]

_BASE_URL, _COPILOT = "COPILOT_API_URL", "https://api.githubcopilot.com"
_HOST, _GITHUB = "GH_HOST", "github.com"
_SDK = "github-copilot-sdk"
_NEWEST = (0, 1, 30)
COPILOT_CURE = "pip install --no-deps github-copilot-sdk==0.1.30"
"""Makes MassGen 0.1.97 work with Copilot: it requires 0.1.32, but is written for earlier versions."""


class CopilotPointer(Pointer):
    """Replaces the backend's client; a base URL that is already set becomes the upstream URL."""

    def uses_plan(self) -> bool:
        """Always true: MassGen supports no other login."""
        return True

    def point(self, enter: Enter) -> None:
        if not suits_massgen(found := sdk_version()):
            raise NotPointed(
                f"MassGen 0.1.97 cannot work with {_SDK} {found}, limited or not; run `{COPILOT_CURE}`"
            )
        if getattr(self.backend, "_started", False):
            raise NotPointed("its client has been started already")
        upstream = os.environ.get(_BASE_URL)
        if not upstream and os.environ.get(_HOST, _GITHUB) != _GITHUB:
            raise NotPointed(f"{_HOST} names a GitHub of a company's own; set {_BASE_URL} to its Copilot")
        base_url = enter(lambda _: upstream or _COPILOT)
        self.backend.client = _client({**os.environ, _BASE_URL: base_url, **past_proxies(os.environ)})

    def runs_in_docker(self) -> bool:
        """Never: of this backend only the commands run there."""
        return False


def sdk_version() -> str | None:
    """The installed SDK version; None if it is not installed."""
    try:
        return version(_SDK)
    except PackageNotFoundError:
        return None


def suits_massgen(sdk: str | None) -> bool:
    """Whether MassGen's backend works with an SDK version: newer ones use objects instead of dictionaries."""
    numbers = re.match(r"(\d+)\.(\d+)\.(\d+)", sdk or "")
    return numbers is not None and tuple(map(int, numbers.groups())) <= _NEWEST


def _client(environment: dict[str, str]) -> Any:
    import copilot

    made: Any = copilot.CopilotClient  # differs from that of later versions
    return made({"env": environment})
