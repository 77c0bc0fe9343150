"""The settings that hold, and the limits that follow from them for a model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from massgen_plugins.errors import ConfigurationError
from massgen_plugins.profiles.layers import ALL_PROVIDERS
from massgen_plugins.profiles.limit_values import ModelLimits, limits_of
from massgen_plugins.profiles.names import matches
from massgen_plugins.profiles.profile import Profile, to_document
from massgen_plugins.quota import NANOSECONDS, ScopeRules

__all__ = ["MEMORY", "InUse", "Settings"]

MEMORY = "memory"
"""The store that nobody else shares."""


@dataclass(frozen=True, slots=True)
class InUse:
    """The profile of a provider, and why it is that one.

    Attributes:
        profile: The profile.
        why: ``default``, or the role of the layer that names it: ``run``, ``project``, ``user``.
    """

    profile: Profile
    why: str


@dataclass(frozen=True, slots=True)
class Settings:
    """What holds for this process.

    Attributes:
        in_use: Provider to the profile that limits it.
        disabled: The profiles that are switched off.
        overrides: Limits of models and families that replace those of profiles, key by key.
        accounts: Provider, or ``*``, to the user's name for the project that owns the API key.
        store: ``memory``, the absolute path of the SQLite file, or the address of a Redis server.
        max_wait: Seconds; a call that would wait longer is refused at once. 0 to 86,400.
        wait_for_day: Whether a call waits for the next day, however far it is, when a day is spent.
        cooldown_mode: ``probe``, ``space`` or ``off``.
        safety_margin: Fraction taken off every limit in place of the profile's own; None leaves that.
        notes: Sentences that the user should be told once.
    """

    in_use: Mapping[str, InUse]
    disabled: tuple[Profile, ...] = ()
    overrides: ModelLimits = field(default_factory=dict)
    accounts: Mapping[str, str] = field(default_factory=dict)
    store: str = MEMORY
    max_wait: float = 900
    wait_for_day: bool = False
    cooldown_mode: str = "probe"
    safety_margin: float | None = None
    notes: tuple[str, ...] = ()

    def account(self, provider: str) -> str | None:
        """The name that the user gave to the provider's account; None if there is none."""
        return self.accounts.get(provider, self.accounts.get(ALL_PROVIDERS))

    def rules(self, provider: str, model: str) -> ScopeRules:
        """What holds for a model, margins taken off.

        Overrides apply from the widest family to the model itself, each key over the profile's.

        Raises:
            ConfigurationError: No profile that is on covers the model.
        """
        profile = self._profile_of(provider)
        values = dict(profile.limits_for(model) or {})
        wanted = self._overrides_for(profile, model)
        if not values and not wanted:
            raise ConfigurationError(
                f"The profile '{profile.name}' says nothing of the model {model[:80]!a}; run `massgen-rl "
                f"profiles set {model[:80]} rpm=NUMBER`, or give the profile a fallback in {profile.origin}."
            )
        for name in wanted:
            values.update(self.overrides[name])
        margin = profile.safety_margin if self.safety_margin is None else self.safety_margin
        return ScopeRules(
            limits=limits_of(values, profile.conventions, margin),
            cooldown=int((values.get("cooldown") or 0) * NANOSECONDS),
            cooldown_mode=self.cooldown_mode,
            max_wait=int(self.max_wait * NANOSECONDS),
            wait_for_day=self.wait_for_day,
            zone=profile.conventions.zone,
            profile=profile.name,
        )

    def _overrides_for(self, profile: Profile, model: str) -> list[str]:
        resolved = profile.aliases.get(model)
        aliased = matches(self.overrides, resolved) if resolved else []
        own = matches(self.overrides, model)
        return [*(name for name in aliased if name not in own), *own]

    def _profile_of(self, provider: str) -> Profile:
        if provider in self.in_use:
            return self.in_use[provider].profile
        if off := [profile.name for profile in self.disabled if profile.provider == provider]:
            raise ConfigurationError(
                f"Every profile that would limit {provider} is switched off; "
                f"run `massgen-rl profiles enable {off[0]}`, or switch limiting off for its agents."
            )
        raise ConfigurationError(
            f"No profile limits {provider[:80]!a}; run `massgen-rl profiles use` with one of its profiles, "
            "or switch limiting off for its agents."
        )

    def to_mapping(self) -> dict[str, Any]:
        """A ``rate_limit:`` block that gives another process the same rules, whatever files it finds."""
        written = [use.profile for use in self.in_use.values()]
        written += [profile for profile in self.disabled if profile not in written]
        block: dict[str, Any] = {
            "inherit": False,
            "profile": {provider: use.profile.name for provider, use in self.in_use.items()},
            "disabled": [profile.name for profile in self.disabled],
            "define": [to_document([profile]) for profile in written],
            "models": {name: dict(values) for name, values in self.overrides.items()},
            "account": dict(self.accounts),
            "store": self.store,
            "max_wait": self.max_wait,
            "wait_for_day": self.wait_for_day,
            "cooldown_mode": self.cooldown_mode,
        }
        return block if self.safety_margin is None else {**block, "safety_margin": self.safety_margin}
