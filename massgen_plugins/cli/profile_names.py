"""Names of profiles and models that a user may have meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from massgen_plugins.profiles.places import Places

__all__ = ["complete", "nearest_model"]

_ALIKE = 0.85


def complete(incomplete: str) -> list[str]:
    """Names of profiles for the shell; none if settings or profiles are wrong."""
    from massgen_plugins.cli.places import current_places
    from massgen_plugins.errors import ConfigurationError
    from massgen_plugins.profiles.loading import read_catalog

    try:
        profiles = read_catalog(current_places()).profiles
    except ConfigurationError:
        return []
    return [profile.name for profile in profiles if profile.name.startswith(incomplete)]


def nearest_model(model: str, places: Places) -> str | None:
    """The known model that somebody who wrote an unknown one probably meant; None if it may well be right."""
    from difflib import get_close_matches

    from massgen_plugins.profiles.loading import read_catalog
    from massgen_plugins.profiles.names import matches

    known = {
        name for profile in read_catalog(places).profiles for name in (*profile.models, *profile.aliases)
    }
    if model in known or matches(known, model):
        return None
    near = get_close_matches(model, sorted({_filled(name, model) for name in known}), cutoff=_ALIKE)
    return near[0] if near else None


def _filled(family: str, model: str) -> str:
    """A family with the model's own version in place of each ``*``, if both have as many parts."""
    wanted, parts = family.split("-"), model.split("-")
    if len(wanted) != len(parts):
        return family
    return "-".join(part if want == "*" else want for want, part in zip(wanted, parts, strict=True))
