"""Reports a change of profiles or settings: the limits now in force, and the processes that apply it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from massgen_plugins.cli.output import as_home, say, tell

if TYPE_CHECKING:
    from massgen_plugins.cli.model_names import ModelNames
    from massgen_plugins.profiles.places import Places

__all__ = ["tell_change", "tell_followers_of_profile", "tell_limits"]

_MOST = 6


def tell_limits(name: str, places: Places) -> None:
    """Print the limits of a profile's first models after margins, if it is in use."""
    from massgen_plugins.cli.model_names import example_of
    from massgen_plugins.profiles.loading import read_settings

    settings = read_settings(places)
    use = next((each for each in settings.in_use.values() if each.profile.name == name), None)
    if use is None:
        return
    models = list(use.profile.models)
    for model in models[:_MOST]:
        rules = settings.rules(use.profile.provider, example_of(model))
        limits = "; ".join(map(str, rules.limits)) if rules else ""
        tell(f"  {model}: {limits or 'learned'}")
    if len(models) > _MOST:
        tell(f"  and {len(models) - _MOST} more: massgen-rl profiles show {name}")


def tell_change(model: str, values: Mapping[str, Any], names: ModelNames, places: Places) -> None:
    """Print the current limits of a model, and the processes that apply the change.

    Args:
        model: The model or family.
        values: The changed limits.
        names: The state before the change.
        places: Locations of the settings.
    """
    from massgen_plugins.cli.followers import followers, tell_followers
    from massgen_plugins.cli.model_names import ModelNames
    from massgen_plugins.cli.steering_text import differences

    now = ModelNames.of(places)
    changed = differences(names.rules(model), now.rules(model))
    for text in changed:
        tell(f"  now {text}")
    if not changed and now.rules(model):
        said = _stronger(now, model, values, places)
        say(f"massgen-rl: here nothing changes by it{f', since {said}' if said else ', it held already'}.")
    tell_followers(followers(model, values, settings=True))


def tell_followers_of_profile(name: str, places: Places) -> None:
    """Print which processes use the new profile: those whose YAML and project choose none themselves."""
    from massgen_plugins.cli.followers import profile_followers, tell_followers
    from massgen_plugins.profiles.document import Place
    from massgen_plugins.profiles.loading import read_catalog

    catalog = read_catalog(places)
    providers = {profile.name: profile.provider for profile in catalog.profiles}
    tell_followers(profile_followers(catalog.named(name, Place("profiles")).provider, providers))


def _stronger(names: ModelNames, model: str, values: Mapping[str, Any], places: Places) -> str:
    """The setting that overrides a value of the user's settings here; "" if none does."""
    from massgen_plugins.cli.model_names import example_of
    from massgen_plugins.profiles.loading import layers_of
    from massgen_plugins.profiles.origins import limit_origins

    for provider in names.rules(model):
        for row in limit_origins(names.settings, layers_of(places, None), provider, example_of(model)):
            first = row.said[0]
            if row.key in values and first.layer == "steering":
                return f"`massgen-rl set` says {row.key} {first.value}"
            if row.key in values and first.layer == "project":
                where = f"{as_home(first.place.source)}:{first.place.line}"
                return f"this project says {row.key} {first.value} ({where})"
    return ""
