"""Who may use the gateway: a process of this user that knows a path which only a program of ours was told."""

from __future__ import annotations

import os
import secrets
from asyncio import BaseTransport

from aiohttp import web

from massgen_plugins.gateway.owner import owner_of

__all__ = ["is_of_this_user", "is_ours", "is_upgrade", "new_secret", "split_path"]

_ROOT = 0
"""Reads every memory and file anyway."""

_BYTES = 24


def new_secret() -> str:
    """The first part of an agent's path: 192 random bits."""
    return secrets.token_urlsafe(_BYTES)


def split_path(raw_path: str) -> tuple[str, str]:
    """The secret in a request's path, and the rest as it was sent; empty strings if it has no such form."""
    if not raw_path.startswith("/"):
        return "", ""
    secret, slash, rest = raw_path[1:].partition("/")
    return secret, slash + rest


def is_ours(request: web.Request, port: int) -> bool:
    """Whether a request names this very address and comes from no web page.

    A page that a browser shows can send requests to any port of this machine, under a name of its own.
    """
    return request.headers.get("Host") == f"127.0.0.1:{port}" and "Origin" not in request.headers


def is_upgrade(request: web.Request) -> bool:
    """Whether a web socket, or another protocol, is asked for."""
    return "upgrade" in request.headers.get("Connection", "").lower() or "Upgrade" in request.headers


def is_of_this_user(transport: BaseTransport) -> bool:
    """Whether the process at the other end is this user's; where the system does not tell, the path must do.

    A path can be read in a program's own error messages, and so in logs that others may read.
    """
    owner = owner_of(transport.get_extra_info("peername"), transport.get_extra_info("sockname"))
    return owner is None or owner in (_ROOT, os.getuid())
