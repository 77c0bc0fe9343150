"""Layers merged into settings: the strongest wins, key by key."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from massgen_plugins.profiles.layers import ALL_PROVIDERS, Layer
from massgen_plugins.profiles.search import Catalog
from massgen_plugins.profiles.settings import MEMORY, InUse, Settings
from massgen_plugins.profiles.tree import wrong

__all__ = ["merge"]

_NO_HOME = (
    "Limits are kept in this process only, because the user has no home directory; "
    "set rate_limit.store to an absolute path to share them."
)


def merge(layers: Sequence[Layer], catalog: Catalog, default_store: Path | None) -> Settings:
    """Merge layers into settings.

    Args:
        layers: The strongest first.
        catalog: All profiles.
        default_store: Where the store is unless a layer says; None if there is no such place.

    Raises:
        ConfigurationError: A layer names a profile that does not exist.
    """
    weakest_first = tuple(reversed(layers))
    values = {key: value for layer in weakest_first for key, value in layer.values.items()}
    chosen, off = _choices(weakest_first, catalog)
    wanted = values.pop("store", "sqlite")
    homeless = wanted == "sqlite" and default_store is None
    store = MEMORY if homeless else str(default_store) if wanted == "sqlite" else wanted
    return Settings(
        in_use=_in_use(catalog, chosen, off),
        disabled=tuple(profile for profile in catalog.profiles if profile.name in off),
        overrides=_merged_models(weakest_first),
        accounts=_merged_accounts(weakest_first),
        store=store,
        notes=(_NO_HOME,) if homeless else (),
        **values,
    )


def _choices(layers: Iterable[Layer], catalog: Catalog) -> tuple[dict[str, InUse], set[str]]:
    """The profile named for each provider, and the names switched off.

    Naming a profile switches it on again, unless the same layer or a stronger one switches it off.
    """
    chosen: dict[str, InUse] = {}
    off: set[str] = set()
    for layer in layers:
        for choice in layer.chosen:
            profile = catalog.named(choice.name, choice.place)
            if choice.provider not in (None, profile.provider):
                raise wrong(choice.place, f"the profile '{profile.name}' is for {profile.provider}")
            chosen[profile.provider] = InUse(profile, layer.role)
            off.discard(profile.name)
        off.update(catalog.named(choice.name, choice.place).name for choice in layer.disabled)
    return chosen, off


def _in_use(catalog: Catalog, chosen: Mapping[str, InUse], off: set[str]) -> dict[str, InUse]:
    result = {}
    for provider in catalog.providers():
        named = chosen.get(provider)
        if named and named.profile.name not in off:
            result[provider] = named
        elif default := catalog.default_of(provider, off):
            result[provider] = InUse(default, "default")
    return result


def _merged_models(layers: Iterable[Layer]) -> dict[str, dict[str, Any]]:
    merged: dict[str, dict[str, Any]] = {}
    for layer in layers:
        for name, values in layer.models.items():
            merged.setdefault(name, {}).update(values)
    return merged


def _merged_accounts(layers: Iterable[Layer]) -> dict[str, str]:
    merged: dict[str, str] = {}
    for layer in layers:
        # One account for every provider leaves nothing of what weaker layers said of single ones.
        merged = dict(layer.accounts) if ALL_PROVIDERS in layer.accounts else {**merged, **layer.accounts}
    return merged
