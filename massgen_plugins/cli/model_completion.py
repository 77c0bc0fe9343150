"""Shell completion of models, limits, pools and settings; empty if settings are invalid."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

__all__ = ["assignments", "examples", "models", "overridden", "pools", "steered"]


def models(incomplete: str) -> list[str]:
    """Models and families in profiles, settings and earlier calls."""
    from massgen_plugins.cli.model_names import ModelNames
    from massgen_plugins.cli.places import current_places
    from massgen_plugins.errors import MassgenPluginsError

    with suppress(MassgenPluginsError):
        names = ModelNames.of(current_places())
        return _beginning(incomplete, sorted(names.stated | set(names.seen)))
    return []


def assignments(incomplete: str) -> list[str]:
    """Limit keys with an equals sign."""
    from massgen_plugins.profiles.limit_values import LIMIT_KEYS

    return _beginning(incomplete, (f"{key}=" for key in LIMIT_KEYS if key != "limits"))


def pools(incomplete: str) -> list[str]:
    """Arguments of `forget` and `penalty clear`."""
    from massgen_plugins.cli.store_choice import chosen_store, view_of
    from massgen_plugins.errors import MassgenPluginsError

    with suppress(MassgenPluginsError):
        view = view_of(chosen_store(None))
        names = {each.pool.name for each in view.pools} | {str(each.pool) for each in view.pools}
        return _beginning(incomplete, ["all", *sorted(names), *map(str, view.domains)])
    return []


def steered(incomplete: str) -> list[str]:
    """Models with temporary limits or pauses."""
    from massgen_plugins.errors import MassgenPluginsError
    from massgen_plugins.profiles.steering import read_steering

    with suppress(MassgenPluginsError):
        return _beginning(incomplete, dict.fromkeys(each.model for each in read_steering().entries))
    return []


def overridden(incomplete: str) -> list[str]:
    """Models with limits in the user's settings."""
    from massgen_plugins.cli.places import current_places
    from massgen_plugins.errors import MassgenPluginsError
    from massgen_plugins.profiles.loading import read_settings

    with suppress(MassgenPluginsError):
        return _beginning(incomplete, read_settings(current_places()).overrides)
    return []


def examples(incomplete: str) -> list[str]:
    """MassGen's own examples that `demo` can run."""
    from massgen_plugins.demo.examples import example_names

    return _beginning(incomplete, example_names())


def _beginning(incomplete: str, names: Iterable[str]) -> list[str]:
    return [name for name in names if name.startswith(incomplete)]
