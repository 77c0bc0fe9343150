"""What the user changes: which profile is used, which are off, limits of models, own profiles."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pydantic import RootModel

from massgen_plugins.profiles.document import Place, document_of, wrong
from massgen_plugins.profiles.layers import Layer, read_layer
from massgen_plugins.profiles.limit_values import Changes
from massgen_plugins.profiles.loading import read_catalog
from massgen_plugins.profiles.names import ModelName
from massgen_plugins.profiles.places import NO_HOME, Places, exists, find_places
from massgen_plugins.profiles.profile import Profile, read_profiles
from massgen_plugins.profiles.safe_files import update_text
from massgen_plugins.profiles.splice import put
from massgen_plugins.profiles.strict_yaml import load_yaml, parse_yaml
from massgen_plugins.profiles.validation import checked

__all__ = ["disable", "enable", "set_limits", "use", "validate"]


def use(name: str, *, places: Places | None = None) -> Path:
    """Make a profile the one that limits its provider, and switch it on if it was off.

    Args:
        name: The profile's.
        places: Where settings are kept; found out if None.

    Returns:
        The user's settings file, which now says so.

    Raises:
        ConfigurationError: There is no such profile, or the file cannot be read or written.
    """
    places = places or find_places()
    catalog = read_catalog(places)
    profile = catalog.named(name, Place("profiles use"))

    def change(text: str, layer: Layer, source: str) -> str:
        providers = {known.name: known.provider for known in catalog.profiles}
        stated = {of or providers.get(other, ""): other for of, other in layer.block.profile.items()}
        # The choice of a profile that has gone, and whose provider nobody knows, is left out.
        chosen = {of: other for of, other in stated.items() if of}
        text = put(text, ("profile",), {**chosen, profile.provider: name}, source)
        return _put_disabled(text, layer, source, without=name)

    return _edit(places, change)


def enable(name: str, *, places: Places | None = None) -> Path:
    """Take a profile off the user's list of disabled ones; arguments and errors as of :func:`use`.

    Raises:
        ConfigurationError: Also when the project's settings switch the profile off.
    """
    places = places or find_places()
    project = places.project_file
    if project and exists(project):
        layer = read_layer(load_yaml(project), "project")
        if name in layer.block.disabled:
            place = layer.document.place("disabled", layer.block.disabled.index(name))
            raise wrong(place, f"the project switches '{name}' off; remove it there")

    def change(text: str, layer: Layer, source: str) -> str:
        if name not in layer.block.disabled:
            read_catalog(places).named(name, Place("profiles enable"))
        return _put_disabled(text, layer, source, without=name)

    return _edit(places, change)


def disable(name: str, *, places: Places | None = None) -> Path:
    """Switch a profile off; arguments and errors as of :func:`use`.

    Its provider's default profile applies then, and if that is off, none: runs that ask to be
    limited do not start.
    """
    places = places or find_places()
    read_catalog(places).named(name, Place("profiles disable"))

    def change(text: str, layer: Layer, source: str) -> str:
        off = layer.block.disabled
        return text if name in off else put(text, ("disabled",), [*off, name], source)

    return _edit(places, change)


def set_limits(model: str, values: Mapping[str, Any], *, places: Places | None = None) -> Path:
    """Override limits of a model or family, key by key; what else is set for it stays.

    Args:
        model: Such as ``gemini-2.5-flash`` or ``gemini-*-pro``.
        values: Limit keys, such as ``rpm``, to numbers; None or ``none`` takes a limit away.
        places: Where settings are kept; found out if None.

    Returns:
        The user's settings file.

    Raises:
        ConfigurationError: A name or value is wrong, or the file cannot be read or written.
    """
    places = places or find_places()
    _check(model, values)
    if model in {profile.name for profile in read_catalog(places).profiles}:
        raise wrong(Place("profiles set"), f"'{model}' is a profile; name a model, such as gemini-2.5-flash")
    plain_values = {key: None if value == "none" else value for key, value in values.items()}

    def change(text: str, layer: Layer, source: str) -> str:
        if model not in layer.block.models:
            return put(text, ("models", model), plain_values, source)
        for key, value in plain_values.items():
            text = put(text, ("models", model, key), value, source)
        return text

    return _edit(places, change)


def _check(model: str, values: Mapping[str, Any]) -> None:
    document = document_of({model: values}, "profiles set")
    checked(RootModel[dict[ModelName, Changes]], document)


def validate(path: Path) -> tuple[Profile, ...]:
    """The profiles in a file, if it is right in every way.

    Raises:
        ConfigurationError: It is not; the sentence names line, key and cure.
    """
    return read_profiles(load_yaml(path))


def _edit(places: Places, change: Callable[[str, Layer, str], str]) -> Path:
    path = places.user_file
    if path is None:
        raise NO_HOME

    def rewrite(text: str) -> str:
        changed = change(text, read_layer(parse_yaml(text, str(path)), "user"), str(path))
        read_layer(parse_yaml(changed, str(path)), "user")
        return changed

    update_text(path, rewrite)
    return path


def _put_disabled(text: str, layer: Layer, source: str, *, without: str) -> str:
    left = [name for name in layer.block.disabled if name != without]
    return put(text, ("disabled",), left, source) if without in layer.block.disabled else text
