"""Profiles: named sets of limits for one provider and tier, and files of several profiles."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import replace
from typing import Annotated, Any, TypeAlias

from pydantic import Field, WrapValidator, model_validator

from massgen_plugins.profiles.document import Document
from massgen_plugins.profiles.limit_values import Limits, LimitValues, PoolLimits, stated
from massgen_plugins.profiles.names import ModelName, Name, PoolName, best_match, matches
from massgen_plugins.profiles.places import ConventionsOf, any_provider
from massgen_plugins.profiles.prices import ModelPrices
from massgen_plugins.profiles.validation import (
    Also,
    Expected,
    Flag,
    Strict,
    checked,
    choice,
    number,
    problem,
    text,
)
from massgen_plugins.profiles.windows import Zone
from massgen_plugins.quota import ACCOUNT_POOL, Conventions, Kind

__all__ = [
    "FILE_KEYS",
    "LEARNED",
    "PROFILE_KEYS",
    "Profile",
    "ProfileFile",
    "profiles_of",
    "read_profiles",
    "to_document",
]

LEARNED = "learned"
"""Instead of limits: other models have none, and learn them from the provider."""

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TOKENS = (Kind.INPUT_TOKENS, Kind.TOTAL_TOKENS, Kind.OUTPUT_TOKENS)
ModelLimits: TypeAlias = dict[ModelName, Annotated[LimitValues, stated(Limits)]]


def _is_date(value: Any) -> bool:
    try:
        return bool(_DATE.fullmatch(value) and dt.date.fromisoformat(value))
    except (TypeError, ValueError):
        return False


_DATE_WORDS = Expected(
    "a date as YYYY-MM-DD, such as 2026-01-31", _is_date, {"type": "string", "pattern": f"^{_DATE.pattern}$"}
)


def _fallback(value: Any, handler: Any) -> Any:
    return {} if value == LEARNED else handler(value)


class ProfileFields(Strict):
    """What stands under a profile's name.

    Attributes:
        description: For people.
        tier: The provider's name for the usage tier.
        source: Where the numbers come from.
        date: When they were seen, YYYY-MM-DD.
        default: On without being asked for.
        safety_margin: Fraction taken off every limit, 0 to below 1.
        window: Shape of limits per second, minute and hour: ``bucket`` or ``sliding``; None: the provider's.
        models: Limits of models and families.
        pools: Limits that several models share, or all of the account.
        fallback: Limits of every other model of the provider; empty if they are learned, None for an error.
        prices: What models cost, in US dollars per million tokens.
    """

    description: Annotated[str, text()] = ""
    tier: Annotated[str, text()] = ""
    source: Annotated[str, text()] = ""
    date: Annotated[str, _DATE_WORDS] = ""
    default: Flag = False
    safety_margin: Annotated[float, number(1, below=True)] = 0
    window: Annotated[str | None, choice(("bucket", "sliding"))] = None
    models: ModelLimits = Field(default_factory=dict)
    pools: dict[PoolName, Annotated[LimitValues, stated(PoolLimits)]] = Field(default_factory=dict)
    fallback: Annotated[
        LimitValues | None, stated(Limits), WrapValidator(_fallback), Also({"const": LEARNED})
    ] = None
    prices: ModelPrices = Field(default_factory=dict)

    @model_validator(mode="after")
    def _limits_something(self) -> ProfileFields:
        if not {"models", "pools", "fallback"} & self.model_fields_set:
            raise problem("the profile limits nothing; write models, fallback or both")
        if "models" in self.pools.get(ACCOUNT_POOL, {}):
            raise problem("all models are in the pool *account; remove its models", at="pools")
        return self


class Profile(ProfileFields):
    """A named set of limits.

    Attributes:
        name: Unique among all profiles of all providers.
        provider: The provider that it limits.
        conventions: How the provider counts.
        aliases: Alternative names of models to the names in the profile.
        origin: Path of the file, or another source.
    """

    name: str
    provider: str
    conventions: Conventions
    aliases: Mapping[str, str]
    origin: str

    def limits_for(self, pool: str) -> LimitValues | None:
        """The limits of a pool or a model; None if the profile does not cover it."""
        if pool in self.pools or self.is_shared(pool):
            return self.pools.get(pool)
        found = best_match(self.models, pool, self.aliases)
        return self.models[found] if found else self.fallback

    def is_shared(self, pool: str) -> bool:
        """Whether a pool is not a model's own, but the account's or one named by the provider."""
        return pool == ACCOUNT_POOL or pool.startswith(f"{self.provider}:")

    def pools_for(self, model: str) -> tuple[str, ...]:
        """Names of the pools that a model shares with others, except the account's."""
        names = {model, self.aliases.get(model, model)}
        return tuple(
            pool
            for pool, values in self.pools.items()
            if any(matches(values.get("models", ()), name) for name in names)
        )


class ProfileFile(Strict):
    """The content of a profile file."""

    MISSING = "the key '{}' is missing from this profile file"
    provider: Name
    tpm_counts: Annotated[str | None, choice(_TOKENS)] = None
    day_zone: Zone = None
    aliases: dict[ModelName, ModelName] = Field(default_factory=dict)
    profiles: dict[Name, ProfileFields]

    @model_validator(mode="after")
    def _one_default(self) -> ProfileFile:
        defaults = [name for name, profile in self.profiles.items() if profile.default]
        if len(defaults) > 1:
            raise problem(f"only one profile may be the default, not {' and '.join(defaults)}", at="profiles")
        return self


FILE_KEYS = tuple(ProfileFile.model_fields)
PROFILE_KEYS = tuple(ProfileFields.model_fields)


def read_profiles(document: Document, conventions: ConventionsOf = any_provider) -> tuple[Profile, ...]:
    """Validate the content of a profile file.

    Raises:
        ConfigurationError: It is not a valid profile file; the message names the location.
    """
    return profiles_of(checked(ProfileFile, document), document.source, conventions)


def profiles_of(file: ProfileFile, origin: str, conventions: ConventionsOf) -> tuple[Profile, ...]:
    """The profiles of a validated file; the provider's conventions fill in what it leaves out."""
    said = file.tpm_counts and file.day_zone and all(fields.window for fields in file.profiles.values())
    known = Conventions() if said else conventions(file.provider)
    counted = Kind(file.tpm_counts) if file.tpm_counts else known.tpm_counts
    known = replace(known, tpm_counts=counted, day_zone=file.day_zone or known.day_zone)
    return tuple(
        Profile.model_construct(
            fields.model_fields_set,
            **dict(fields),
            name=name,
            provider=file.provider,
            conventions=replace(known, bucket=fields.window == "bucket") if fields.window else known,
            aliases=file.aliases,
            origin=origin,
        )
        for name, fields in file.profiles.items()
    )


def to_document(profiles: Iterable[Profile]) -> dict[str, Any]:
    """The content of a profile file with these profiles of one provider."""
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
    fields = {key: deepcopy(value) for key in PROFILE_KEYS if (value := getattr(profile, key))}
    fields["window"] = "bucket" if profile.conventions.bucket else "sliding"
    return fields if profile.fallback is None else {**fields, "fallback": profile.fallback or LEARNED}
