"""Converts MassGen's own ``rate_limits.yaml`` to profiles of the user."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BeforeValidator, RootModel

from massgen_plugins.profiles.document import Document, Place, document_of, wrong
from massgen_plugins.profiles.limit_values import Count
from massgen_plugins.profiles.names import ModelName, Name
from massgen_plugins.profiles.places import Places, find_places, no_home
from massgen_plugins.profiles.profile import read_profiles
from massgen_plugins.profiles.safe_files import update_text
from massgen_plugins.profiles.search import profiles_in
from massgen_plugins.profiles.strict_yaml import load_yaml
from massgen_plugins.profiles.validation import Strict, checked

__all__ = ["import_massgen"]

_OTHERS = "default"
"""MassGen's key for the limits of all other models."""


class _Limits(Strict):
    """Limits in MassGen's format, where an empty value means no limit."""

    rpm: Count | None = None
    tpm: Count | None = None
    rpd: Count | None = None


_Models = Annotated[dict[ModelName, _Limits], BeforeValidator(lambda value: {} if value is None else value)]


class _File(RootModel[dict[Name, _Models]]):
    """Provider, model, limits."""


def import_massgen(path: Path, *, overwrite: bool = False, places: Places | None = None) -> list[Path]:
    """Convert MassGen's format to one profile per provider, ``massgen-PROVIDER``, in the user's directory.

    Args:
        path: A file of provider, model, and ``rpm``, ``tpm``, ``rpd``.
        overwrite: Whether to replace existing profile files.
        places: Locations of the settings; None to detect them.

    Returns:
        The files written. The profiles are not in use yet.

    Raises:
        ConfigurationError: The file has another format or no limits, or a profile file already exists.
    """
    directory = (places or find_places()).user_profiles
    if directory is None:
        raise no_home()
    contents = _read(load_yaml(path))
    others = {profile.name: profile.origin for profile in profiles_in(directory)}
    targets = [directory / f"{name}.yaml" for name in contents]
    for target in targets:
        origin = others.get(target.stem, str(target))
        if origin != str(target):
            raise wrong(Place(origin), f"a profile named '{target.stem}' already exists here; rename it")
        if target.exists() and not overwrite:
            raise wrong(Place(str(target)), "this profile file already exists; rename it, or overwrite it")
    for target in targets:
        _write(target, contents[target.stem])
    return targets


def _write(target: Path, content: str) -> None:
    update_text(target, lambda _: content)


def _read(document: Document) -> dict[str, str]:
    """Text of the profile files, by profile name."""
    found = {}
    for provider, models in checked(_File, document).root.items():
        stated = {
            name: values for name, item in models.items() if (values := item.model_dump(exclude_none=True))
        }
        if models and not stated:
            cure = "write rpm, tpm or rpd for a model, or remove the key"
            raise wrong(document.place(provider), f"there is no limit here; {cure}")
        if stated:
            name = f"massgen-{provider}"
            content = {"provider": provider, "profiles": {name: _fields(stated, document.source)}}
            read_profiles(document_of(content, document.source))
            found[name] = yaml.safe_dump(content, default_flow_style=None, sort_keys=False, width=1000)
    if not found:
        raise wrong(
            document.place(), "this file has no limits; it needs provider, model, and rpm, tpm or rpd"
        )
    return found


def _fields(models: dict[str, dict[str, Any]], source: str) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "description": "Imported from MassGen's own format.",
        # A path may contain bytes that are not valid text.
        "source": source.encode(errors="replace").decode(),
        "date": dt.datetime.now().astimezone().date().isoformat(),
        "models": {name: values for name, values in models.items() if name != _OTHERS},
    }
    return {**fields, "fallback": models[_OTHERS]} if _OTHERS in models else fields
