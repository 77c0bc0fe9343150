"""A profile: a named set of limits for one provider and tier, and the file that holds several."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from massgen_plugins.profiles.checks import a_boolean, a_mapping, a_number, a_text
from massgen_plugins.profiles.conventions import Conventions, conventions_of
from massgen_plugins.profiles.limit_values import LimitValues, ModelLimits, read_limit_values, read_models
from massgen_plugins.profiles.names import best_match, model_name
from massgen_plugins.profiles.tree import Entry, shown, wrong

__all__ = ["FILE_KEYS", "NAME", "PROFILE_KEYS", "Profile", "profile_name", "read_profiles", "to_document"]

NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
"""Names of providers and profiles."""

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DATE_FORM = "a date as YYYY-MM-DD, such as 2026-01-31"
FILE_KEYS = ("provider", "tpm_counts", "day_zone", "aliases", "profiles")
_TEXT_KEYS = ("description", "tier", "source", "date")
PROFILE_KEYS = (*_TEXT_KEYS, "default", "safety_margin", "models", "fallback")


@dataclass(frozen=True, slots=True)
class Profile:
    """A named set of limits.

    Attributes:
        name: Unique among all profiles, whatever their provider.
        provider: Whose calls it limits.
        conventions: How the provider counts.
        aliases: Other names of models, to the names under which they are looked up.
        models: Limits of models and families.
        fallback: Limits of every other model of the provider; None if it has none.
        default: On without being asked for.
        safety_margin: Fraction taken off every limit, 0 to below 1.
        description: For people.
        tier: The provider's name for the usage tier.
        source: Where the numbers come from.
        date: When they were seen, YYYY-MM-DD.
        origin: Path of the file, or what else it came from.
    """

    name: str
    provider: str
    conventions: Conventions
    aliases: Mapping[str, str]
    models: ModelLimits
    fallback: LimitValues | None
    default: bool
    safety_margin: float
    description: str
    tier: str
    source: str
    date: str
    origin: str

    def limits_for(self, model: str) -> LimitValues | None:
        """The limits stated for a model; None if the profile covers it in no way."""
        found = best_match(self.models, model, self.aliases)
        return self.models[found] if found else self.fallback


def profile_name(entry: Entry) -> str:
    """Check a profile's or provider's name."""
    return a_text(entry, "a name of a-z, 0-9, dot, hyphen and underscore, 64 characters at most", NAME)


def read_profiles(root: Entry) -> tuple[Profile, ...]:
    """Check the content of a profile file.

    Raises:
        ConfigurationError: It is not a profile file; the sentence names the place.
    """
    fields = a_mapping(root, FILE_KEYS)
    for needed in ("provider", "profiles"):
        if needed not in fields:
            raise wrong(root.place, f"the key '{needed}' is missing from this profile file")
    provider = profile_name(fields["provider"])
    conventions = conventions_of(provider, fields.get("tpm_counts"), fields.get("day_zone"))
    aliases = _aliases(fields.get("aliases"))
    profiles = tuple(
        _profile(profile_name(Entry(name, entry.place)), entry, provider, conventions, aliases)
        for name, entry in a_mapping(fields["profiles"]).items()
    )
    defaults = [profile.name for profile in profiles if profile.default]
    if len(defaults) > 1:
        place = fields["profiles"].place
        raise wrong(place, f"only one profile may be the default, not {' and '.join(defaults)}")
    return profiles


def _aliases(entry: Entry | None) -> dict[str, str]:
    items = a_mapping(entry).items() if entry else ()
    return {model_name(alias, item.place): model_name(a_text(item), item.place) for alias, item in items}


def _profile(
    name: str, entry: Entry, provider: str, conventions: Conventions, aliases: Mapping[str, str]
) -> Profile:
    fields = a_mapping(entry, PROFILE_KEYS)
    if "models" not in fields and "fallback" not in fields:
        raise wrong(entry.place, "the profile limits nothing; write models, fallback or both")
    if "date" in fields:
        _check_date(fields["date"])
    texts = {key: a_text(fields[key]) if key in fields else "" for key in _TEXT_KEYS}
    return Profile(
        name=name,
        provider=provider,
        conventions=conventions,
        aliases=aliases,
        models=read_models(fields["models"]) if "models" in fields else {},
        fallback=read_limit_values(fields["fallback"]) if "fallback" in fields else None,
        default=a_boolean(fields["default"]) if "default" in fields else False,
        safety_margin=a_number(fields["safety_margin"], 1, below=True) if "safety_margin" in fields else 0,
        origin=entry.place.source,
        **texts,
    )


def _check_date(entry: Entry) -> None:
    try:
        dt.date.fromisoformat(a_text(entry, _DATE_FORM, _DATE))
    except ValueError as error:
        raise wrong(entry.place, f"expected {_DATE_FORM}, found {shown(entry.value)}") from error


def to_document(profiles: Iterable[Profile]) -> dict[str, Any]:
    """What a profile file with these profiles of one provider holds; reading it gives them back."""
    chosen = tuple(profiles)
    first = chosen[0]
    return {
        "provider": first.provider,
        "tpm_counts": str(first.conventions.tpm_counts),
        "day_zone": first.conventions.day_zone,
        **({"aliases": dict(first.aliases)} if first.aliases else {}),
        "profiles": {profile.name: _fields(profile) for profile in chosen},
    }


def _fields(profile: Profile) -> dict[str, Any]:
    written = {key: getattr(profile, key) for key in (*_TEXT_KEYS, "default", "safety_margin")}
    fields = {key: value for key, value in written.items() if value}
    if profile.models:
        fields["models"] = {name: dict(values) for name, values in profile.models.items()}
    if profile.fallback is not None:
        fields["fallback"] = dict(profile.fallback)
    return fields
