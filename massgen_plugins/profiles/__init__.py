"""Profiles and settings: which limits apply, and where they come from. Everything is loaded lazily."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from massgen_plugins.profiles.loading import SettingsSource, load_settings
    from massgen_plugins.profiles.profile import Profile
    from massgen_plugins.profiles.settings import InUse, Settings

__all__ = ["InUse", "Profile", "Settings", "SettingsSource", "load_settings"]

_HOME = {
    "InUse": "settings",
    "Profile": "profile",
    "Settings": "settings",
    "SettingsSource": "loading",
    "load_settings": "loading",
}


def __getattr__(name: str) -> Any:
    """Import a public name on first use, so that YAML is not imported needlessly."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
