"""Where each limit and setting comes from, by file and line, and what it hides."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from massgen_plugins.errors import ConfigurationError
from massgen_plugins.profiles.document import Document, Place
from massgen_plugins.profiles.layers import ALL_PROVIDERS, Layer, SettingsBlock
from massgen_plugins.profiles.limit_values import LIMIT_KEYS
from massgen_plugins.profiles.names import best_match, matches
from massgen_plugins.profiles.profile import Profile
from massgen_plugins.profiles.settings import Settings
from massgen_plugins.profiles.steering import PAUSED
from massgen_plugins.profiles.strict_yaml import load_yaml
from massgen_plugins.quota import Limit

__all__ = ["LimitOrigin", "Said", "SettingOrigin", "limit_origins", "setting_origins"]

_SETTINGS = ("max_wait", "store", "wait_for_day", "cooldown_mode", "safety_margin", "inherit")


@dataclass(frozen=True, slots=True)
class Said:
    """What one source says.

    Attributes:
        value: As it is written; None takes a limit away.
        layer: ``steering``, ``run``, ``project``, ``user``, ``profile`` or ``default``.
        place: Where it stands; without a line where there is none.
    """

    value: Any
    layer: str
    place: Place


@dataclass(frozen=True, slots=True)
class LimitOrigin:
    """One limit key of a pool.

    Attributes:
        key: Such as ``rpm``.
        said: Who says what of it, the strongest first: that one holds, and hides the others.
        limits: What is in force by it, the safety margin taken off; empty if nothing is.
    """

    key: str
    said: tuple[Said, ...]
    limits: tuple[Limit, ...]


@dataclass(frozen=True, slots=True)
class SettingOrigin:
    """One setting that is no limit.

    Attributes:
        key: Such as ``max_wait``.
        said: As of :class:`LimitOrigin`; never empty.
    """

    key: str
    said: tuple[Said, ...]


def limit_origins(settings: Settings, layers: Sequence[Layer], provider: str, pool: str) -> list[LimitOrigin]:
    """Every limit key that anything states for a pool.

    Args:
        settings: What the layers amount to.
        layers: The strongest first.
        provider: The provider.
        pool: A resolved model, a shared pool or the account's.
    """
    use = settings.in_use.get(provider)
    profile = use.profile if use else None
    found: dict[str, list[Said]] = {}
    steered = [entry for entry in settings.steered(provider, pool) if entry.key != PAUSED]
    for entry in steered:
        found.setdefault(entry.key, []).append(Said(entry.value, "steering", Place("massgen-rl set")))
    for key, said in _overrides(layers, profile, pool):
        found.setdefault(key, []).append(said)
    for key, said in _profile_values(profile, pool):
        found.setdefault(key, []).append(said)
    return [
        LimitOrigin(key, tuple(found[key]), settings.limits_by(provider, {key: found[key][0].value}))
        for key in LIMIT_KEYS
        if key in found
    ]


def setting_origins(settings: Settings, layers: Sequence[Layer]) -> list[SettingOrigin]:
    """Every setting that is no limit, that of accounts and profiles included."""
    rows = []
    for key in _SETTINGS:
        said = [
            Said(getattr(each.block, key), each.role, each.document.place(key))
            for each in layers
            if key in each.block.model_fields_set
        ]
        default = SettingsBlock.model_fields[key].get_default(call_default_factory=True)
        rows.append(SettingOrigin(key, (*said, Said(default, "default", Place("default")))))
    for provider, use in settings.in_use.items():
        rows.append(SettingOrigin(f"profile {provider}", tuple(_profile_said(layers, provider, use.profile))))
    for provider, account in settings.accounts.items():
        name = "account" if provider == ALL_PROVIDERS else f"account {provider}"
        said = [
            Said(each.block.account[provider], each.role, each.document.place("account", provider))
            for each in layers
            if each.block.account.get(provider) is not None
        ]
        rows.append(SettingOrigin(name, tuple(said) or (Said(account, "default", Place("default")),)))
    return rows


def _overrides(layers: Sequence[Layer], profile: Profile | None, pool: str) -> Iterator[tuple[str, Said]]:
    """What settings say: the closest name first, and of one name the strongest layer."""
    stated = dict.fromkeys(name for layer in layers for name in layer.block.models)
    alias = profile.aliases.get(pool) if profile else None
    own = matches(stated, pool)
    names = [*(name for name in (matches(stated, alias) if alias else ()) if name not in own), *own]
    for name in reversed(names):
        for layer in layers:
            for key, value in layer.block.models.get(name, {}).items():
                yield key, Said(value, layer.role, layer.document.place("models", name, key))


def _profile_values(profile: Profile | None, pool: str) -> Iterator[tuple[str, Said]]:
    values = profile.limits_for(pool) if profile else None
    if profile is None or not values:
        return
    document = _document(profile)
    family = best_match(profile.models, pool, profile.aliases)
    inner = ("pools", pool) if pool in profile.pools else ("models", family) if family else ("fallback",)
    for key, value in values.items():
        if key in LIMIT_KEYS:
            yield key, Said(value, "profile", document.place("profiles", profile.name, *inner, key))


def _profile_said(layers: Sequence[Layer], provider: str, profile: Profile) -> Iterator[Said]:
    for layer in layers:
        for of, name in layer.block.profile.items():
            if of == provider or (of is None and name == profile.name):
                yield Said(name, layer.role, layer.document.place("profile", of))
    yield Said(profile.name, "default", Place(profile.origin))


def _document(profile: Profile) -> Document:
    try:
        return load_yaml(Path(profile.origin))
    except ConfigurationError:  # it stands in settings, or its file has gone meanwhile
        return Document(None, profile.origin)
