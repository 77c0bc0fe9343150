"""Locations of settings and profiles, including those of plugins."""

from __future__ import annotations

from typing import TYPE_CHECKING

from massgen_plugins.cli.output import say

if TYPE_CHECKING:
    from massgen_plugins.manager import Plugins
    from massgen_plugins.profiles.places import Places
    from massgen_plugins.providers.base import Conventions

__all__ = ["conventions_of", "current_places"]


def current_places() -> Places:
    """The locations for this user and directory; plugins that fail to load are reported on stderr."""
    from massgen_plugins.host.plugin_profiles import readable
    from massgen_plugins.manager import build_manager
    from massgen_plugins.profiles.places import find_places

    plugins = build_manager(lambda sentence: say(f"massgen-rl: {sentence}"))
    directories = readable(plugins.profile_directories(), lambda sentence: say(f"massgen-rl: {sentence}"))
    return find_places(
        extra_profile_dirs=directories,
        conventions=lambda provider: conventions_of(provider, plugins),
    )


def conventions_of(provider: str, plugins: Plugins) -> Conventions:
    """A provider's conventions from its plugin; conservative defaults for an unknown one."""
    from massgen_plugins.providers.base import Conventions

    known = (each.conventions for each in plugins.providers() if each.name == provider)
    return next(known, Conventions())
