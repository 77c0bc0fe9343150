"""Settings reserved to the user: allowed store servers, and the retention of the record of calls.

A server receives the user's password, and the record's retention deletes old calls, while a project's
settings, a team's YAML and ``.env`` files may come from a stranger. Environment variables are therefore taken
as they were before MassGen read any ``.env`` file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from massgen_plugins.errors import ConfigurationError
from massgen_plugins.profiles.at_start import STORES_VARIABLE, at_start, is_users_directory
from massgen_plugins.profiles.document import wrong
from massgen_plugins.profiles.layers import Layer
from massgen_plugins.profiles.record import MOST_DAYS, MOST_MEGABYTES, RecordSettings, record_of
from massgen_plugins.profiles.redis_address import is_redis

__all__ = ["check_store", "users_record"]

_PARTS = re.compile(r"(rediss?)://(\[[^\]]*\]|[^/:\[\]]+)(?::(\d+))?(?:/\d*)?")
_PORT = "6379"


def check_store(layers: Sequence[Layer], own: Callable[[], Layer | None], file: Path | None) -> None:
    """Refuse a server that the user has not allowed.

    Args:
        layers: Strongest first.
        own: Reads the user's settings.
        file: The user's settings file.

    Raises:
        ConfigurationError: The server in use is not one of the user's.
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


def users_record(layers: Sequence[Layer], own: Callable[[], Layer | None]) -> RecordSettings:
    """The settings of the record: whether to keep one from the strongest layer, the rest from the user's.

    Args:
        layers: Strongest first.
        own: Reads the user's settings if they are not inherited.
    """
    keep = next((each.block.record.keep for each in layers if "record" in each.block.model_fields_set), True)
    user = next((each for each in layers if each.role == "user"), None)
    try:
        user = user or own()
        readable = is_users_directory()
    except ConfigurationError:  # also reported for the user's budget
        readable = False
    if not readable:  # delete nothing that the user may want to keep
        return record_of(RecordSettings(keep=keep, days=MOST_DAYS, megabytes=MOST_MEGABYTES), "sqlite")
    if user is None:
        return record_of(RecordSettings(keep=keep), "sqlite")
    return record_of(user.block.record.model_copy(update={"keep": keep}), user.block.store)


def _allowed(own: Callable[[], Layer | None]) -> set[str]:
    named = [each.strip() for each in at_start(STORES_VARIABLE).split(",")]
    user = own() if is_users_directory() else None
    named += [*user.block.allow_stores, user.block.store] if user else []
    return {_server(each) for each in named if is_redis(each)}


def _server(address: str) -> str:
    """Scheme, host and port, without the database number."""
    found = _PARTS.fullmatch(address)
    return f"{found[1]}://{found[2].lower()}:{int(found[3] or _PORT)}" if found else address
