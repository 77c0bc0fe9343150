"""Whose quota a request spends: the user's name for the account, or a keyed fingerprint of its API key."""

from __future__ import annotations

import hashlib
import hmac

from massgen_plugins.host.limiters import Limiters
from massgen_plugins.host.stream import Agent
from massgen_plugins.providers.base import ModelRequest, Provider
from massgen_plugins.rate_limit.limiter import Limiter

__all__ = ["Accounts"]


class Accounts:
    """Remembers the accounts of agents that are switched on, by provider and fingerprint."""

    def __init__(self, limiters: Limiters) -> None:
        self._limiters = limiters
        self._known: dict[tuple[str, str], str] = {}

    def of_agent(self, provider: Provider, request: ModelRequest, agent: Agent) -> str:
        """The account of a request in the turn of an agent."""
        settings = agent.governor.settings
        fingerprint = _fingerprint(self._limiters.at(settings.store), request)
        account = settings.account(provider.name) or f"key-{fingerprint}"
        self._known[provider.name, fingerprint] = account
        return account

    def of_stranger(self, provider: Provider, request: ModelRequest) -> str | None:
        """The account of a request outside of such turns; None if no agent ever used its key."""
        for limiter in self._limiters.opened():
            known = self._known.get((provider.name, _fingerprint(limiter, request)))
            if known is not None:
                return known
        return None


def _fingerprint(limiter: Limiter, request: ModelRequest) -> str:
    key = limiter.store.fingerprint_key()
    return hmac.new(key, _bytes(request.credential), hashlib.sha256).hexdigest()[:12]


def _bytes(credential: str | bytes) -> bytes:
    """Whatever it is: a header's bytes need be no text, and an environment's need be no UTF-8."""
    return credential if isinstance(credential, bytes) else credential.encode("utf-8", "surrogatepass")
