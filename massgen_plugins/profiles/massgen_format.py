"""MassGen's own ``rate_limits.yaml``, turned into profiles of the user."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import yaml

from massgen_plugins.errors import ConfigurationError
from massgen_plugins.profiles.checks import a_mapping
from massgen_plugins.profiles.conventions import conventions_of
from massgen_plugins.profiles.limit_values import read_limit_values
from massgen_plugins.profiles.names import model_name
from massgen_plugins.profiles.places import Places, find_places
from massgen_plugins.profiles.profile import Profile, profile_name, to_document
from massgen_plugins.profiles.safe_files import update_text
from massgen_plugins.profiles.search import profiles_in
from massgen_plugins.profiles.strict_yaml import load_yaml
from massgen_plugins.profiles.tree import Entry, Place, wrong

__all__ = ["import_massgen"]

_KEYS = ("rpm", "tpm", "rpd")
_OTHERS = "default"
"""How MassGen calls the limits of all other models."""


def import_massgen(path: Path, *, overwrite: bool = False, places: Places | None = None) -> list[Path]:
    """Turn MassGen's format into one profile per provider, ``massgen-PROVIDER``, in the user's directory.

    Args:
        path: A file of provider, model, and ``rpm``, ``tpm``, ``rpd``.
        overwrite: Whether profile files of these names may be replaced.
        places: Where profiles are kept; found out if None.

    Returns:
        The files written. The profiles are not in use yet.

    Raises:
        ConfigurationError: The file is not of that format, states nothing, or a profile file is in the way.
    """
    directory = (places or find_places()).user_profiles
    if directory is None:
        raise ConfigurationError(
            "There is no home directory to keep profiles in; "
            "name a directory in the environment variable MASSGEN_PLUGINS_CONFIG_DIR."
        )
    profiles = _read(path)
    targets = [directory / f"{profile.name}.yaml" for profile in profiles]
    others = {profile.name: profile.origin for profile in profiles_in(directory)}
    for target, profile in zip(targets, profiles, strict=True):
        origin = others.get(profile.name, str(target))
        if origin != str(target):
            raise wrong(Place(origin), f"a profile named '{profile.name}' is here already; rename it")
        if target.exists() and not overwrite:
            raise wrong(Place(str(target)), "this profile file is there already; rename it, or overwrite it")
    for target, profile in zip(targets, profiles, strict=True):
        _write(target, profile)
    return targets


def _write(target: Path, profile: Profile) -> None:
    content = yaml.safe_dump(to_document([profile]), default_flow_style=None, sort_keys=False, width=1000)
    update_text(target, lambda _: content)


def _read(path: Path) -> list[Profile]:
    root = load_yaml(path)
    found = [_profile(name, entry) for name, entry in a_mapping(root).items() if entry.value]
    if not found:
        raise wrong(root.place, "no limits stand in this file; it needs provider, model, and rpm, tpm or rpd")
    return found


def _profile(name: str, entry: Entry) -> Profile:
    provider = profile_name(Entry(name, entry.place))
    models = {
        model_name(model, item.place): values
        for model, item in a_mapping(entry).items()
        if (values := _limits(item))
    }
    fallback = models.pop(_OTHERS, None)
    if not models and not fallback:
        raise wrong(entry.place, "no limit stands here; write rpm, tpm or rpd for a model, or remove the key")
    return Profile(
        name=profile_name(Entry(f"massgen-{name}", entry.place)),
        provider=provider,
        conventions=conventions_of(provider, None, None),
        aliases={},
        models=models,
        fallback=fallback,
        default=False,
        safety_margin=0,
        description="Imported from MassGen's own format.",
        tier="",
        # A path may hold bytes that are no text.
        source=entry.place.source.encode(errors="replace").decode(),
        date=dt.datetime.now().astimezone().date().isoformat(),
        origin=entry.place.source,
    )


def _limits(entry: Entry) -> dict[str, Any]:
    """The limits of one model; MassGen reads an empty value as "no limit"."""
    stated = {key: item for key, item in a_mapping(entry, _KEYS).items() if item.value is not None}
    return read_limit_values(Entry(stated, entry.place)) if stated else {}
