"""Shell completion of profile names."""

from __future__ import annotations

__all__ = ["complete"]


def complete(incomplete: str) -> list[str]:
    """Names of profiles; empty if settings or profiles are invalid."""
    from massgen_plugins.cli.places import current_places
    from massgen_plugins.errors import ConfigurationError
    from massgen_plugins.profiles.loading import read_catalog

    try:
        profiles = read_catalog(current_places()).profiles
    except ConfigurationError:
        return []
    return [profile.name for profile in profiles if profile.name.startswith(incomplete)]
