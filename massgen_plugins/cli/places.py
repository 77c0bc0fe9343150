"""Where settings and profiles are, those of plugins included."""

from __future__ import annotations

from typing import TYPE_CHECKING

from massgen_plugins.cli.output import say

if TYPE_CHECKING:
    from massgen_plugins.manager import Plugins
    from massgen_plugins.profiles.places import Places
    from massgen_plugins.providers.base import Conventions

__all__ = ["conventions_of", "current_places"]


def current_places() -> Places:
    """The places of this user and this directory; a plugin that cannot be loaded is reported on stderr."""
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
    """How a provider counts, as its plugin says; the careful default of one that no plugin knows."""
    from massgen_plugins.providers.base import Conventions

    known = (each.conventions for each in plugins.providers() if each.name == provider)
    return next(known, Conventions())
