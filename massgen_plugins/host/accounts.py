"""Determines the account of a request: a name from the settings, or a fingerprint of its API key."""

from __future__ import annotations

import hashlib
from functools import cache

from massgen_plugins.host.stream import Agent
from massgen_plugins.providers.base import ModelRequest, Provider

__all__ = ["Accounts", "fingerprint"]

_SALT = b"massgen-plugins"
_COST = 2**10
"""Cost of the key derivation: some milliseconds per key and process, to slow down guessing short keys."""


class Accounts:
    """The accounts of limited agents, by provider and fingerprint."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], str] = {}

    def of_agent(self, provider: Provider, request: ModelRequest, agent: Agent) -> str:
        """The account of a request in an agent's turn, to its own provider or by a tool."""
        mark = fingerprint(request.credential)
        account = agent.governor.settings.account(provider.name) or f"key-{mark}"
        self._known[provider.name, mark] = account
        return account

    def of_stranger(self, provider: Provider, request: ModelRequest) -> str | None:
        """The account of a request outside of such turns; None if no agent has used its key."""
        return self._known.get((provider.name, fingerprint(request.credential)))


@cache
def fingerprint(credential: str) -> str:
    """Twelve hexadecimal digits that distinguish keys without revealing them.

    Deterministic, so that machines agree, and nothing is lost together with a store.
    """
    digest = hashlib.scrypt(
        credential.encode("utf-8", "surrogateescape"), salt=_SALT, n=_COST, r=8, p=1, dklen=6
    )
    return digest.hex()
