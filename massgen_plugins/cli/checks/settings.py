"""Checks the settings of all layers, and the resulting limits."""

from __future__ import annotations

from collections.abc import Iterator

from massgen_plugins.cli.checks.finding import Finding, fail, ok, warn
from massgen_plugins.cli.output import as_home
from massgen_plugins.cli.places import current_places
from massgen_plugins.errors import ConfigurationError
from massgen_plugins.profiles.layers import read_layer
from massgen_plugins.profiles.limit_values import LimitValues
from massgen_plugins.profiles.loading import read_settings
from massgen_plugins.profiles.places import Places, exists
from massgen_plugins.profiles.settings import InUse, Settings
from massgen_plugins.profiles.strict_yaml import load_yaml

__all__ = ["check_settings"]


def check_settings() -> Iterator[Finding]:
    """Check each layer's file, then the merged settings."""
    try:
        places = current_places()
        yield from _layers(places)
        settings = read_settings(places)
    except ConfigurationError as error:
        yield fail(
            "settings",
            str(error).rstrip("."),
            "fix that; until then runs that ask for limits do not start",
        )
        return
    for note in settings.notes:
        yield warn(
            "settings", note.partition(";")[0], note.partition("; ")[2].rstrip(".") or "see the handbook"
        )
    yield from _limits(settings)
    yield ok("waiting", _waiting(settings))


def _layers(places: Places) -> Iterator[Finding]:
    files = (
        ("project", places.project_file, "change to a directory that exists"),
        ("user", places.user_file, "set HOME, or MASSGEN_PLUGINS_CONFIG_DIR"),
    )
    for role, path, cure in files:
        if path is None:
            yield warn(f"{role} settings", "there is no directory for them", cure)
        elif not exists(path):
            yield ok(f"{role} settings", f"none ({as_home(str(path))})")
        else:
            read_layer(load_yaml(path), role)
            yield ok(f"{role} settings", as_home(str(path)))


def _limits(settings: Settings) -> Iterator[Finding]:
    for provider, use in settings.in_use.items():
        yield ok(f"{provider} limits", f"profile {use.profile.name} ({_who(use)}){_margin(use, settings)}")
        families = {f"pool {name}": values for name, values in use.profile.pools.items()} | use.profile.models
        if use.profile.fallback is not None:
            families["all others"] = use.profile.fallback
        for family, values in families.items():
            yield ok(f"  {family}", _listed(values))
    for model, values in settings.overrides.items():
        yield ok(f"override {model}", _listed(values))
    for provider, name in settings.stopped.items():
        cure = f"run `massgen-rl profiles enable {name}`"
        yield fail(f"{provider} limits", f"{name} is switched off, and no other is on", cure)


def _who(use: InUse) -> str:
    return {"default": "by default", "user": "your choice", "project": "this project's choice"}.get(
        use.why, use.why
    )


def _margin(use: InUse, settings: Settings) -> str:
    margin = use.profile.safety_margin if settings.safety_margin is None else settings.safety_margin
    return f", {margin:.0%} taken off" if margin else ""


def _listed(values: LimitValues) -> str:
    limits = {key: value for key, value in values.items() if key != "models"}
    return ", ".join(f"{key} {_shown(key, value)}" for key, value in limits.items()) or "learned"


def _shown(key: str, value: object) -> str:
    if value is None:
        return "none"
    if isinstance(value, list):
        return "; ".join(f"{each['amount']:,} {each['kind']} per {each['window']}" for each in value)
    return f"{value:,} s" if key == "cooldown" else f"{value:,}"


def _waiting(settings: Settings) -> str:
    day = "a spent day is waited for" if settings.wait_for_day else "a spent day ends a call at once"
    return f"up to {settings.max_wait:g} s, {day}; start-up cooldown: {settings.cooldown_mode}"
