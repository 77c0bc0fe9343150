"""Which servers may be used as a store: those that the user named, since they are sent the user's password.

A project's settings, a team's YAML and the ``.env`` files that MassGen reads may be a stranger's. So the
environment counts as it was before MassGen read any of them.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path

from massgen_plugins.profiles.at_start import CONFIG_DIR_VARIABLE, STORES_VARIABLE, at_start
from massgen_plugins.profiles.document import wrong
from massgen_plugins.profiles.layers import Layer
from massgen_plugins.profiles.redis_address import is_redis

__all__ = ["check_store"]

_PARTS = re.compile(r"(rediss?)://(\[[^\]]*\]|[^/:\[\]]+)(?::(\d+))?(?:/\d*)?")
_PORT = "6379"


def check_store(layers: Sequence[Layer], own: Callable[[], Layer | None], file: Path | None) -> None:
    """Refuse a server that only settings of others name.

    Args:
        layers: The strongest first.
        own: Reads the user's settings.
        file: Where they are.

    Raises:
        ConfigurationError: The server that would be used is none of the user's.
    """
    layer = next((each for each in layers if "store" in each.block.model_fields_set), None)
    if layer is None or layer.role == "user" or not is_redis(layer.block.store):
        return
    if _server(layer.block.store) not in _allowed(own):
        raise wrong(
            layer.document.place("store"),
            "a server is sent your Redis password, and these settings may be somebody else's; if you know "
            f"it, write its address into {file or 'your own settings'}, as allow_stores: "
            f"[redis://HOST:6379], or into {STORES_VARIABLE} in the environment (in no .env file)",
        )


def _allowed(own: Callable[[], Layer | None]) -> set[str]:
    named = [each.strip() for each in at_start(STORES_VARIABLE).split(",")]
    if os.environ.get(CONFIG_DIR_VARIABLE, "") == at_start(CONFIG_DIR_VARIABLE):
        user = own()
        named += [*user.block.allow_stores, user.block.store] if user else []
    return {_server(each) for each in named if is_redis(each)}


def _server(address: str) -> str:
    """Scheme, host and port; the number of the database does not matter."""
    found = _PARTS.fullmatch(address)
    return f"{found[1]}://{found[2].lower()}:{int(found[3] or _PORT)}" if found else address
