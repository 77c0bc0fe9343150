"""Whose quota a request spends: the user's name for the account, or a fingerprint of its API key."""

from __future__ import annotations

import hashlib

from massgen_plugins.host.stream import Agent
from massgen_plugins.providers.base import ModelRequest, Provider

__all__ = ["Accounts", "fingerprint"]

_SALT = b"massgen-plugins"
_COST = 2**10
"""Some milliseconds for each key, once in a process: guessing short keys from fingerprints takes too long."""


class Accounts:
    """Remembers the accounts of agents that are switched on, by provider and fingerprint."""

    def __init__(self) -> None:
        self._fingerprints: dict[str, str] = {}
        self._known: dict[tuple[str, str], str] = {}

    def of_agent(self, provider: Provider, request: ModelRequest, agent: Agent) -> str:
        """The account of a request in the turn of an agent, be it to its own provider or of a tool."""
        mark = self._fingerprint(request.credential)
        account = agent.governor.settings.account(provider.name) or f"key-{mark}"
        self._known[provider.name, mark] = account
        return account

    def of_stranger(self, provider: Provider, request: ModelRequest) -> str | None:
        """The account of a request outside of such turns; None if no agent ever used its key."""
        return self._known.get((provider.name, self._fingerprint(request.credential)))

    def _fingerprint(self, credential: str) -> str:
        known = self._fingerprints.get(credential)
        if known is None:
            known = self._fingerprints[credential] = fingerprint(credential)
        return known


def fingerprint(credential: str) -> str:
    """Twelve hexadecimal digits that tell keys apart and do not tell the key.

    The same everywhere and for ever, so that machines agree, and a store that is lost takes nothing along.
    """
    digest = hashlib.scrypt(
        credential.encode("utf-8", "surrogateescape"), salt=_SALT, n=_COST, r=8, p=1, dklen=6
    )
    return digest.hex()
