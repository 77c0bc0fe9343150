"""All profiles as rows of a table: which are in use, why, and their origin."""

from __future__ import annotations

from dataclasses import dataclass

from massgen_plugins.profiles.document import Place, shown, suggestion, wrong
from massgen_plugins.profiles.loading import read_catalog, read_settings
from massgen_plugins.profiles.places import Places, find_places
from massgen_plugins.profiles.profile import Profile
from massgen_plugins.profiles.settings import Settings

__all__ = ["ProfileRow", "details", "overview"]


@dataclass(frozen=True, slots=True)
class ProfileRow:
    """One profile in the table.

    Attributes:
        name: Its name.
        provider: The provider that it limits.
        tier: The provider's name for the usage tier.
        on: Whether it is in use for its provider.
        why: If in use, ``default`` or the layer that chooses it: ``user`` or ``project``. Otherwise
            ``disabled`` if it is disabled, else empty.
        origin: Path of its file.
        date: Date of its numbers, YYYY-MM-DD; empty if not given.
        models: Number of models and families it covers.
    """

    name: str
    provider: str
    tier: str
    on: bool
    why: str
    origin: str
    date: str
    models: int


def overview(provider: str | None = None, *, places: Places | None = None) -> list[ProfileRow]:
    """A row for every profile, by provider, strongest source first.

    Args:
        provider: Only profiles of this provider; None for all.
        places: Locations of the settings; None to detect them.

    Raises:
        ConfigurationError: Settings or profiles are invalid, or the provider has no profile.
    """
    places = places or find_places()
    settings = read_settings(places)
    catalog = read_catalog(places)
    if provider is not None and provider not in catalog.providers():
        known = suggestion(provider, catalog.providers())
        raise wrong(Place("--provider"), f"no profile is for {shown(provider)}; {known}")
    chosen = (profile for profile in catalog.profiles if provider in (None, profile.provider))
    return sorted((_row(profile, settings) for profile in chosen), key=lambda row: row.provider)


def details(name: str, *, places: Places | None = None) -> tuple[ProfileRow, Profile]:
    """A profile and its row.

    Raises:
        ConfigurationError: There is no such profile, or settings or profiles are invalid.
    """
    places = places or find_places()
    profile = read_catalog(places).named(name, Place("profiles show"))
    return _row(profile, read_settings(places)), profile


def _row(profile: Profile, settings: Settings) -> ProfileRow:
    use = settings.in_use.get(profile.provider)
    on = use is not None and use.profile.name == profile.name
    disabled = any(other.name == profile.name for other in settings.disabled)
    return ProfileRow(
        name=profile.name,
        provider=profile.provider,
        tier=profile.tier,
        on=on,
        why=use.why if on and use else "disabled" if disabled else "",
        origin=profile.origin,
        date=profile.date,
        models=len(profile.models),
    )
