"""The origin of each limit and setting, by file and line, and the values it overrides."""

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
    """A value in one source.

    Attributes:
        value: As written; None removes a limit.
        layer: ``steering``, ``run``, ``project``, ``user``, ``profile`` or ``default``.
        place: Its location, without a line if the source has none.
    """

    value: Any
    layer: str
    place: Place


@dataclass(frozen=True, slots=True)
class LimitOrigin:
    """One limit key of a pool.

    Attributes:
        key: Such as ``rpm``.
        said: Its values in all sources, strongest first: the first one applies.
        limits: The resulting limits in force, after the safety margin; empty if there are none.
    """

    key: str
    said: tuple[Said, ...]
    limits: tuple[Limit, ...]


@dataclass(frozen=True, slots=True)
class SettingOrigin:
    """One setting other than a limit.

    Attributes:
        key: Such as ``max_wait``.
        said: As in :class:`LimitOrigin`; never empty.
    """

    key: str
    said: tuple[Said, ...]


def limit_origins(settings: Settings, layers: Sequence[Layer], provider: str, pool: str) -> list[LimitOrigin]:
    """All limit keys that are set for a pool by any source.

    Args:
        settings: The merged settings.
        layers: Strongest first.
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
    """All settings other than limits, including accounts and profiles."""
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
    """The overrides in settings: by closest name, then by strongest layer."""
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
    except ConfigurationError:  # defined in settings, or its file no longer exists
        return Document(None, profile.origin)
