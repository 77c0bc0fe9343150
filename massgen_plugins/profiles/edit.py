"""Edits the user's settings: the profile in use, disabled profiles, limits of models, own profiles."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from massgen_plugins.profiles.document import Place, wrong
from massgen_plugins.profiles.layers import BLOCK, SettingsBlock, is_wrapped, read_layer
from massgen_plugins.profiles.limit_values import LimitValues, ModelLimits, check_changes
from massgen_plugins.profiles.loading import read_catalog
from massgen_plugins.profiles.places import Places, exists, find_places, no_home
from massgen_plugins.profiles.profile import Profile, read_profiles
from massgen_plugins.profiles.safe_files import update_text
from massgen_plugins.profiles.splice import put, take
from massgen_plugins.profiles.strict_yaml import load_yaml, parse_yaml

__all__ = ["Edits", "disable", "edit_settings", "enable", "set_limits", "unset_limits", "use", "validate"]

Edits: TypeAlias = Mapping[tuple[str, ...], Any]
"""Paths of keys to their new values."""


def use(name: str, *, places: Places | None = None) -> Path:
    """Use a profile for its provider, enabling it if necessary.

    Args:
        name: The profile's name.
        places: Locations of the settings; None to detect them.

    Returns:
        The user's settings file.

    Raises:
        ConfigurationError: There is no such profile, or the file cannot be read or written.
    """
    places = places or find_places()
    catalog = read_catalog(places)
    provider = catalog.named(name, Place("profiles use")).provider
    providers = {profile.name: profile.provider for profile in catalog.profiles}

    def edits(block: SettingsBlock) -> Edits:
        stated = {of or providers.get(other): other for of, other in block.profile.items()}
        # Drop the choice of a deleted profile, whose provider is unknown.
        chosen = {of: other for of, other in stated.items() if of}
        return {("profile",): {**chosen, provider: name}, **_without(name, block)}

    return edit_settings(places, edits)


def enable(name: str, *, places: Places | None = None) -> Path:
    """Remove a profile from the user's list of disabled ones; arguments and errors as for :func:`use`.

    Raises:
        ConfigurationError: Also if the project's settings disable the profile.
    """
    places = places or find_places()
    project = places.project_file
    if project and exists(project):
        layer = read_layer(load_yaml(project), "project")
        if name in layer.block.disabled:
            place = layer.document.place("disabled", layer.block.disabled.index(name))
            raise wrong(place, f"the project switches '{name}' off; remove it there")

    def edits(block: SettingsBlock) -> Edits:
        if name not in block.disabled:
            read_catalog(places).named(name, Place("profiles enable"))
        return _without(name, block)

    return edit_settings(places, edits)


def disable(name: str, *, places: Places | None = None) -> Path:
    """Disable a profile; arguments and errors as for :func:`use`.

    Its provider's default profile applies instead. If there is none and the profile was in use, runs with
    rate limiting do not start.
    """
    places = places or find_places()
    read_catalog(places).named(name, Place("profiles disable"))

    def edits(block: SettingsBlock) -> Edits:
        return {} if name in block.disabled else {("disabled",): [*block.disabled, name]}

    return edit_settings(places, edits)


def set_limits(model: str, values: Mapping[str, Any], *, places: Places | None = None) -> Path:
    """Override limits of a model or family, key by key; other keys are kept.

    Args:
        model: Such as ``gemini-2.5-flash`` or ``gemini-*-pro``.
        values: Limit keys, such as ``rpm``, to numbers; None or ``none`` removes a limit.
        places: Locations of the settings; None to detect them.

    Returns:
        The user's settings file.

    Raises:
        ConfigurationError: A name or value is wrong, or the file cannot be read or written.
    """
    places = places or find_places()
    place = Place("profiles set")
    check_changes(model, values, place.source)
    if model in {profile.name for profile in read_catalog(places).profiles}:
        raise wrong(place, f"'{model}' is a profile; name a model, such as gemini-2.5-flash")
    plain = {key: None if value == "none" else value for key, value in values.items()}

    def edits(block: SettingsBlock) -> Edits:
        if model not in block.models:
            return {("models", model): plain}
        return {("models", model, key): value for key, value in plain.items()}

    return edit_settings(places, edits)


def unset_limits(
    model: str, keys: Collection[str] = (), *, places: Places | None = None
) -> tuple[Path, LimitValues]:
    """Remove limits of a model or family from the user's settings; given keys, only these.

    Returns:
        The user's settings file, and the removed limits.

    Raises:
        ConfigurationError: There are no such limits, or the file cannot be read or written.
    """
    places = places or find_places()
    gone: dict[str, Any] = {}

    def rewrite(text: str, source: str) -> str:
        models = read_layer(parse_yaml(text, source), "user").block.models
        stated = models.get(model, {})
        gone.update({key: value for key, value in stated.items() if not keys or key in keys})
        if not gone or set(keys) - set(gone):
            raise wrong(Place("profiles unset"), _not_there(model, keys, models))
        for key in gone:
            text = take(text, (*_above(text, source), "models", model, key), source)
        return text

    return _rewrite(places, rewrite), gone


def _not_there(model: str, keys: Collection[str], models: ModelLimits) -> str:
    listed = ", ".join(f"{name} {key}" for name, values in models.items() for key in values)
    what = f"{', '.join(keys)} of {model}" if keys else model
    return f"your settings do not mention {what}; they state {listed or 'no limits'}"


def validate(path: Path) -> tuple[Profile, ...]:
    """Read and validate the profiles in a file.

    Raises:
        ConfigurationError: The file is invalid; the message names line, key and fix.
    """
    return read_profiles(load_yaml(path))


def edit_settings(places: Places, edits: Callable[[SettingsBlock], Edits]) -> Path:
    """Edit the user's settings file, which must be valid before and after.

    Args:
        places: Locations of the settings.
        edits: Returns the new values, given the current ones.

    Raises:
        ConfigurationError: The file cannot be read or written, or would become invalid.
    """

    def rewrite(text: str, source: str) -> str:
        above = _above(text, source)
        for keys, value in edits(read_layer(parse_yaml(text, source), "user").block).items():
            text = put(text, (*above, *keys), value, source)
        return text

    return _rewrite(places, rewrite)


def _above(text: str, source: str) -> tuple[str, ...]:
    """The keys under which the settings of a file are nested."""
    return (BLOCK,) if is_wrapped(parse_yaml(text, source)) else ()


def _rewrite(places: Places, change: Callable[[str, str], str]) -> Path:
    path = places.user_file
    if path is None:
        raise no_home()

    def rewrite(text: str) -> str:
        text = change(text, str(path))
        read_layer(parse_yaml(text, str(path)), "user")
        return text

    update_text(path, rewrite)
    return path


def _without(name: str, block: SettingsBlock) -> Edits:
    left = [other for other in block.disabled if other != name]
    return {("disabled",): left} if name in block.disabled else {}
