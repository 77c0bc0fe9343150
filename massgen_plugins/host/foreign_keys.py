"""Warns if OpenAI's key is sent elsewhere: MassGen sends it to any base URL if no other key is set."""

from __future__ import annotations

import os
from ipaddress import ip_address
from urllib.parse import urlsplit

from massgen_plugins.providers.base import ModelRequest

__all__ = ["warning_about"]

_KEY = "OPENAI_API_KEY"
_OWNER = "openai.com"
_BASE_URLS = ("OPENAI_BASE_URL", "OPENAI_API_BASE")
"""Variables by which the user assigns the key to a URL."""


def warning_about(request: ModelRequest, agent_id: str) -> str | None:
    """One sentence, without the key, if a request carries OpenAI's key to a host beyond this machine."""
    key = os.environ.get(_KEY, "").strip()
    host = request.host
    if not key or request.credential != key or not host or _may_have_it(host):
        return None
    return (
        f"agent {agent_id} sends the key in {_KEY} to {host}, which is not OpenAI's: if that host is not "
        f"meant to have it, run that agent with the host's own key in {_KEY}, and replace the key at OpenAI."
    )


def _may_have_it(host: str) -> bool:
    if host == _OWNER or host.endswith(f".{_OWNER}") or _is_this_machine(host):
        return True
    return host in (urlsplit(os.environ.get(name, "")).hostname for name in _BASE_URLS)


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
