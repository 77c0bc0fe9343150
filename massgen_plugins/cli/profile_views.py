"""Displays profiles, as tables and JSON."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from massgen_plugins.cli.output import console, emit_json, plain_table, text
from massgen_plugins.cli.profiles_table import origin_words, state_words
from massgen_plugins.profiles.limit_values import LIMIT_KEYS, LimitValues, ModelLimits
from massgen_plugins.profiles.overview import ProfileRow
from massgen_plugins.profiles.profile import LEARNED, Profile

__all__ = ["profile_as_json", "show_profile"]


def profile_as_json(row: ProfileRow, profile: Profile) -> None:
    """Print the row and the profile's content as JSON."""
    emit_json(
        {
            **asdict(row),
            "description": profile.description,
            "source": profile.source,
            "default": profile.default,
            "safety_margin": profile.safety_margin,
            "tpm_counts": str(profile.conventions.tpm_counts),
            "day_zone": profile.conventions.day_zone,
            "window": "bucket" if profile.conventions.bucket else "sliding",
            "aliases": dict(profile.aliases),
            "pools": {name: dict(values) for name, values in profile.pools.items()},
            "models": {name: dict(values) for name, values in profile.models.items()},
            "fallback": LEARNED if profile.fallback == {} else profile.fallback,
        }
    )


def show_profile(row: ProfileRow, profile: Profile, overrides: ModelLimits) -> None:
    """Print the profile's content, and the overrides in the user's settings."""
    page = console()
    facts = plain_table("", "")
    facts.show_header = False
    for name, value in _facts(row, profile):
        if value:
            facts.add_row(text(name, "bold"), text(value))
    page.print(facts)
    page.print()
    page.print(_limits_table(profile))
    for name, values in overrides.items():
        page.print(text(f"\nYour settings say for {name}: {_listed(values)}.", "yellow"))


def _facts(row: ProfileRow, profile: Profile) -> Iterable[tuple[str, str]]:
    margin = f"{profile.safety_margin:.0%} of every limit" if profile.safety_margin else "none"
    day = profile.conventions.day_zone
    yield "Profile", f"{profile.name} ({state_words(row.why, on=row.on)})"
    yield "Provider", f"{profile.provider}{f', {profile.tier}' if profile.tier else ''}"
    yield "About", profile.description
    yield "Source", profile.source
    yield "Seen", profile.date
    yield "File", origin_words(profile.origin)
    yield "Margin", margin
    yield "Tokens", f"tpm counts {profile.conventions.tpm_counts.replace('_', ' ')}"
    yield "Window", _SHAPES[profile.conventions.bucket]
    yield "Day", "any 24 hours" if day == "rolling" else f"begins at midnight, {day}"
    for name, values in profile.pools.items():
        yield f"Pool {name}", ", ".join(values.get("models", ["all models that the provider books in it"]))
    yield "Aliases", ", ".join(f"{alias} = {model}" for alias, model in profile.aliases.items())


def _limits_table(profile: Profile) -> Any:
    families = [(f"pool {name}", values) for name, values in profile.pools.items()]
    families += profile.models.items()
    if profile.fallback is not None:
        families.append(("all others", profile.fallback))
    used = [key for key in LIMIT_KEYS if any(key in values for _, values in families)]
    table = plain_table("Model family", *(_HEADINGS.get(key, key) for key in used))
    for column in table.columns[1:]:
        column.justify = "right"
    for name, values in families:
        nothing = "-" if values else LEARNED
        table.add_row(text(name), *(text(_value(key, values.get(key), nothing)) for key in used))
    return table


_SHAPES = ("per second, minute and hour any such span", "per second, minute and hour a bucket that refills")


_HEADINGS = {"usd_per_day": "$ a day", "limits": "further"}


def _value(key: str, value: Any, nothing: str = "-") -> str:
    if value is None:
        return nothing
    if key == "limits":
        return ", ".join(f"{each['amount']:,} {each['kind']}/{each['window']}" for each in value)
    return f"{value:,} s" if key == "cooldown" else f"{value:,}"


def _listed(values: LimitValues) -> str:
    return ", ".join(
        f"{key} {'none' if value is None else _value(key, value)}" for key, value in values.items()
    )
