"""Access control of the gateway: processes of this user that know a secret path."""

from __future__ import annotations

import os
import secrets
from asyncio import BaseTransport

from aiohttp import web

from massgen_plugins.gateway.owner import owner_of

__all__ = ["is_of_this_user", "is_ours", "is_upgrade", "new_secret", "split_path"]

_ROOT = 0
"""Root can read all memory and files anyway."""

_BYTES = 24


def new_secret() -> str:
    """Generate the secret that starts an agent's path: 192 random bits."""
    return secrets.token_urlsafe(_BYTES)


def split_path(raw_path: str) -> tuple[str, str]:
    """Split a request's path into the secret and the unchanged rest; empty strings if it has no secret."""
    if not raw_path.startswith("/"):
        return "", ""
    secret, slash, rest = raw_path[1:].partition("/")
    return secret, slash + rest


def is_ours(request: web.Request, port: int) -> bool:
    """Whether a request is addressed to this address and does not come from a web page.

    A page in a browser can send requests to any local port, under its own host name.
    """
    return request.headers.get("Host") == f"127.0.0.1:{port}" and "Origin" not in request.headers


def is_upgrade(request: web.Request) -> bool:
    """Whether a request asks for a WebSocket or another protocol."""
    return "upgrade" in request.headers.get("Connection", "").lower() or "Upgrade" in request.headers


def is_of_this_user(transport: BaseTransport) -> bool:
    """Whether the peer is a process of this user; True where the system cannot tell.

    The secret path alone is not enough: programs print it in error messages, hence in logs.
    """
    owner = owner_of(transport.get_extra_info("peername"), transport.get_extra_info("sockname"))
    return owner is None or owner in (_ROOT, os.getuid())
