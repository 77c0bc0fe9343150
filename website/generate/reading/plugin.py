"""What this repository's own package says of itself."""

from __future__ import annotations

from massgen_plugins import __version__, events
from massgen_plugins.hookspecs import PROJECT
from massgen_plugins.profiles.layers import SETTING_KEYS
from massgen_plugins.profiles.limit_values import LIMIT_KEYS
from massgen_plugins.profiles.profile import Profile, read_profiles
from massgen_plugins.profiles.strict_yaml import load_yaml
from massgen_plugins.providers.gemini.provider import GeminiProvider
from massgen_plugins.providers.plugin import massgen_provider
from website.generate.places import REPOSITORY

__all__ = [
    "event_names",
    "hook_names",
    "limit_keys",
    "limited_backend",
    "plugin_version",
    "setting_keys",
    "shipped_profiles",
]


def plugin_version() -> str:
    """The version of massgen-plugins."""
    return __version__


def shipped_profiles() -> list[Profile]:
    """All profiles of ``plugin_configs``, in the order of files and of what stands in them."""
    files = sorted((REPOSITORY / "plugin_configs").glob("*.yaml"))
    return [profile for file in files for profile in read_profiles(load_yaml(file))]


def hook_names() -> list[str]:
    """The hooks, in the order of their specifications."""
    from massgen_plugins import hookspecs

    return [name for name in vars(hookspecs) if name.startswith("massgen_") and name != PROJECT]


def event_names() -> list[str]:
    """The events, in alphabetical order."""
    return sorted(name for name in events.__all__ if name != "Event")


def setting_keys() -> tuple[str, ...]:
    """The keys of ``rate_limit:``."""
    return SETTING_KEYS


def limited_backend(backend_type: str, base_url: str | None) -> bool:
    """Whether a provider of this package serves a MassGen backend of this type."""
    return any(each.serves(backend_type, base_url) for each in (GeminiProvider(), *massgen_provider()))


def limit_keys() -> tuple[str, ...]:
    """The keys that may stand under a model."""
    return LIMIT_KEYS
