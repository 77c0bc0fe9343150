"""One layer of settings: what a single ``rate_limit:`` mapping or ``rate_limit.yaml`` states."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from massgen_plugins.profiles.checks import a_boolean, a_choice, a_list, a_mapping, a_number, a_text
from massgen_plugins.profiles.limit_values import ModelLimits, read_models
from massgen_plugins.profiles.places import absolute_path
from massgen_plugins.profiles.profile import Profile, profile_name, read_profiles
from massgen_plugins.profiles.redis_address import checked_address, is_redis
from massgen_plugins.profiles.tree import Entry, Place, looks_like_key, wrong

__all__ = ["ALL_PROVIDERS", "COOLDOWN_MODES", "MAX_MAX_WAIT", "SETTING_KEYS", "Choice", "Layer", "read_layer"]

ALL_PROVIDERS = "*"
"""Stands for every provider that has no account of its own."""

COOLDOWN_MODES = ("probe", "space", "off")
MAX_MAX_WAIT = 86_400
_ALLOW = "allow_stores"

_ACCOUNT = re.compile(r"[A-Za-z0-9._-]{1,64}")


@dataclass(frozen=True, slots=True)
class Choice:
    """A profile that a layer names.

    Attributes:
        name: The profile's.
        place: Where it is named.
        provider: For which provider, if the layer says so.
    """

    name: str
    place: Place
    provider: str | None = None


@dataclass(frozen=True, slots=True)
class Layer:
    """What one source states; what it leaves out is decided by weaker layers.

    Attributes:
        role: ``run`` (the MassGen YAML), ``project`` or ``user``.
        chosen: Profiles to use.
        disabled: Profiles switched off.
        accounts: Provider, or :data:`ALL_PROVIDERS`, to account.
        models: Limits that replace those of profiles, key by key.
        defined: Profiles that stand in the settings themselves.
        allowed: Addresses of servers that other layers may name; only the user's own layer has any.
        store_place: Where the store is named.
        values: The other keys.
        inherit: Whether weaker layers and the user's profiles are read at all.
    """

    role: str
    chosen: tuple[Choice, ...] = ()
    disabled: tuple[Choice, ...] = ()
    accounts: Mapping[str, str] = field(default_factory=dict)
    models: ModelLimits = field(default_factory=dict)
    defined: tuple[Profile, ...] = ()
    allowed: tuple[str, ...] = ()
    store_place: Place | None = None
    values: Mapping[str, Any] = field(default_factory=dict)
    inherit: bool = True


def read_layer(root: Entry, role: str) -> Layer:
    """Check a layer.

    Raises:
        ConfigurationError: A key or value is wrong; the sentence names the place.
    """
    if root.value is None:
        return Layer(role)
    entries = a_mapping(root, SETTING_KEYS)
    if role != "user" and _ALLOW in entries:
        raise wrong(entries[_ALLOW].place, "this key counts in your own settings only; remove it here")
    parts = {_PARTS[key][0]: _PARTS[key][1](entry) for key, entry in entries.items() if key in _PARTS}
    values = {key: _VALUES[key](entry) for key, entry in entries.items() if key in _VALUES}
    place = entries["store"].place if "store" in entries else None
    return Layer(role=role, values=values, store_place=place, **parts)


def _chosen(entry: Entry) -> tuple[Choice, ...]:
    if not isinstance(entry.value, dict):
        return (Choice(profile_name(entry), entry.place),)
    return tuple(
        Choice(profile_name(item), item.place, profile_name(Entry(provider, item.place)))
        for provider, item in entry.value.items()
    )


def _disabled(entry: Entry) -> tuple[Choice, ...]:
    return tuple(Choice(profile_name(item), item.place) for item in a_list(entry))


def _accounts(entry: Entry) -> dict[str, str]:
    if not isinstance(entry.value, dict):
        return {ALL_PROVIDERS: _account(entry)}
    return {
        provider if provider == ALL_PROVIDERS else profile_name(Entry(provider, item.place)): _account(item)
        for provider, item in entry.value.items()
    }


def _account(entry: Entry) -> str:
    # The value is never shown: it may be a key that somebody took for an account.
    value = entry.value
    if isinstance(value, str) and _ACCOUNT.fullmatch(value) and not looks_like_key(value):
        return value
    raise wrong(
        entry.place,
        "write a name of your own for the project that owns the API key, never the key itself: "
        "1 to 64 letters, digits, dots, underscores and hyphens",
    )


def _store(entry: Entry) -> str:
    value = a_text(entry, "memory, sqlite, the absolute path of a file, or redis://...", longest=4096)
    if value in ("memory", "sqlite"):
        return value
    if is_redis(value):
        return checked_address(value, entry.place)
    if path := absolute_path(value):
        return str(path)
    raise wrong(
        entry.place, "write memory, sqlite, the path of a file that begins with / or ~/, or redis://HOST:PORT"
    )


def _addresses(entry: Entry) -> tuple[str, ...]:
    what = "the address of a server, redis://HOST:6379"
    return tuple(checked_address(a_text(item, what), item.place) for item in a_list(entry))


def _defined(entry: Entry) -> tuple[Profile, ...]:
    return tuple(profile for item in a_list(entry) for profile in read_profiles(item))


_VALUES: Mapping[str, Callable[[Entry], Any]] = {
    "max_wait": lambda entry: a_number(entry, MAX_MAX_WAIT, "seconds"),
    "store": _store,
    "wait_for_day": a_boolean,
    "cooldown_mode": lambda entry: a_choice(entry, COOLDOWN_MODES),
    "safety_margin": lambda entry: a_number(entry, 1, below=True),
}

# Key to the attribute of Layer that it fills, and how it is read.
_PARTS: Mapping[str, tuple[str, Callable[[Entry], Any]]] = {
    "profile": ("chosen", _chosen),
    "disabled": ("disabled", _disabled),
    "account": ("accounts", _accounts),
    "models": ("models", lambda entry: read_models(entry, removable=True)),
    "define": ("defined", _defined),
    "inherit": ("inherit", a_boolean),
    _ALLOW: ("allowed", _addresses),
}

SETTING_KEYS = (*_PARTS, *_VALUES)
"""All keys of ``rate_limit:``."""
