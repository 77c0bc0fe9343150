"""Where settings and profiles are, those of plugins included."""

from __future__ import annotations

from typing import TYPE_CHECKING

from massgen_plugins.cli.output import say

if TYPE_CHECKING:
    from massgen_plugins.profiles.places import Places

__all__ = ["current_places"]


def current_places() -> Places:
    """The places of this user and this directory; a plugin that cannot be loaded is reported on stderr."""
    from massgen_plugins.host.plugin_profiles import readable
    from massgen_plugins.manager import build_manager
    from massgen_plugins.profiles.places import find_places

    plugins = build_manager(lambda sentence: say(f"massgen-rl: {sentence}"))
    directories = readable(plugins.profile_directories(), lambda sentence: say(f"massgen-rl: {sentence}"))
    return find_places(extra_profile_dirs=directories)
