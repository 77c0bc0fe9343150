"""Merges layers into settings: the strongest wins, key by key."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from massgen_plugins.profiles.budget import BudgetBlock
from massgen_plugins.profiles.budget_merging import merge_budgets
from massgen_plugins.profiles.document import wrong
from massgen_plugins.profiles.layers import ALL_PROVIDERS, Announce, Layer
from massgen_plugins.profiles.places import Places, default_store_path
from massgen_plugins.profiles.record import RecordSettings
from massgen_plugins.profiles.search import Catalog
from massgen_plugins.profiles.settings import MEMORY, InUse, Settings

__all__ = ["merge", "merged_budget"]

_NO_HOME = (
    "Limits are kept in this process only, because the user has no home directory; "
    "set rate_limit.store to an absolute path to share them."
)


def merge(layers: Sequence[Layer], catalog: Catalog, places: Places, record: RecordSettings) -> Settings:
    """Merge layers into settings.

    Args:
        layers: Strongest first.
        catalog: All profiles.
        places: Locations of the settings.
        record: Settings of the record of calls.

    Raises:
        ConfigurationError: A layer names a profile that does not exist.
    """
    weakest_first = tuple(reversed(layers))
    values: dict[str, Any] = {}
    for layer in weakest_first:
        values |= layer.values
    notes: tuple[str, ...] = ()
    if values.get("store", "sqlite") == "sqlite":
        default = default_store_path()
        values["store"] = str(default or MEMORY)
        notes = () if default else (_NO_HOME,)
    chosen, off = _choices(weakest_first, catalog)
    in_use, stopped = _held(catalog, chosen, off)
    return Settings(
        in_use=in_use,
        disabled=tuple(profile for profile in catalog.profiles if profile.name in off),
        stopped=stopped,
        overrides=_merged_models(weakest_first),
        accounts=_merged_accounts(weakest_first),
        announce=_merged_announce(weakest_first),
        notes=notes,
        record=record,
        conventions=places.conventions,
        budget=merged_budget(layers),
        own=_merged_models(layer for layer in layers if layer.role == "run"),
        **values,
    )


def merged_budget(layers: Sequence[Layer], own: Layer | None = None) -> BudgetBlock | None:
    """Merge the budgets of layers.

    Args:
        layers: Strongest first.
        own: The user's layer if it is not one of them: its budget always applies.
    """
    known = [*layers, own] if own and all(layer.role != "user" for layer in layers) else layers
    users = next((layer.block.budget for layer in known if layer.role == "user"), None)
    return merge_budgets([layer.block.budget for layer in known], users)


def _choices(layers: Iterable[Layer], catalog: Catalog) -> tuple[dict[str, InUse], set[str]]:
    """The profile chosen for each provider, and the disabled names.

    Choosing a profile enables it, unless the same layer or a stronger one disables it.
    """
    chosen: dict[str, InUse] = {}
    off: set[str] = set()
    for layer in layers:
        for provider, name in layer.block.profile.items():
            place = layer.document.place("profile", provider)
            profile = catalog.named(name, place)
            if provider not in (None, profile.provider):
                raise wrong(place, f"the profile '{profile.name}' is for {profile.provider}")
            chosen[profile.provider] = InUse(profile, layer.role)
            off.discard(profile.name)
        for index, name in enumerate(layer.block.disabled):
            off.add(catalog.named(name, layer.document.place("disabled", index)).name)
    return chosen, off


def _held(
    catalog: Catalog, chosen: Mapping[str, InUse], off: set[str]
) -> tuple[dict[str, InUse], dict[str, str]]:
    """Profiles by provider; for providers without one, the name of the disabled profile they would use."""
    in_use, stopped = {}, {}
    for provider in catalog.providers():
        named, default = chosen.get(provider), catalog.default_of(provider)
        if named and named.profile.name not in off:
            in_use[provider] = named
        elif on := catalog.default_of(provider, off):
            in_use[provider] = InUse(on, "default")
        elif would := default or (named.profile if named else None):
            stopped[provider] = would.name
    return in_use, stopped


def _merged_models(layers: Iterable[Layer]) -> dict[str, dict[str, Any]]:
    merged: dict[str, dict[str, Any]] = {}
    for layer in layers:
        for name, values in layer.block.models.items():
            merged.setdefault(name, {}).update(values)
    return merged


def _merged_accounts(layers: Iterable[Layer]) -> dict[str, str]:
    merged: dict[str, str] = {}
    for layer in layers:
        accounts = layer.block.account
        # One account for all providers replaces the accounts of weaker layers.
        merged = dict(accounts) if ALL_PROVIDERS in accounts else {**merged, **accounts}
    return merged


def _merged_announce(layers: Iterable[Layer]) -> dict[str, bool]:
    merged: dict[str, bool] = Announce().model_dump()
    for layer in layers:
        merged |= layer.block.announce.model_dump(exclude_unset=True)
    return merged
