"""The effective settings, and the rules of a pool according to them."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from massgen_plugins.errors import ConfigurationError
from massgen_plugins.profiles.budget import BudgetBlock
from massgen_plugins.profiles.layers import ALL_PROVIDERS
from massgen_plugins.profiles.limit_values import LimitValues, ModelLimits, limits_of
from massgen_plugins.profiles.names import matches
from massgen_plugins.profiles.places import ConventionsOf, any_provider
from massgen_plugins.profiles.profile import Profile, to_document
from massgen_plugins.profiles.record import RecordSettings
from massgen_plugins.profiles.steering import NO_STEERING, PAUSED, Steering, SteeringEntry
from massgen_plugins.profiles.windows import ROLLING
from massgen_plugins.quota import ACCOUNT_POOL, NANOSECONDS, Limit, PoolRules

__all__ = ["MEMORY", "InUse", "Settings"]

MEMORY = "memory"
"""The store that is private to the process."""


@dataclass(frozen=True, slots=True)
class InUse:
    """The profile of a provider, and why it is in use.

    Attributes:
        profile: The profile.
        why: ``default``, or the role of the layer that chooses it: ``run``, ``project``, ``user``.
    """

    profile: Profile
    why: str


@dataclass(frozen=True, slots=True)
class Settings:
    """What holds for this process.

    Attributes:
        in_use: Provider to the profile that limits it.
        disabled: The profiles that are switched off.
        stopped: Provider to the profile that would limit it, were it not switched off.
        overrides: Limits of models and families that replace those of profiles, key by key.
        accounts: Provider, or ``*``, to the user's name for the project that owns the API key.
        store: ``memory``, the absolute path of the SQLite file, or the address of a Redis server.
        max_wait: Seconds; a call that would wait longer is refused at once. 0 to 86,400.
        wait_for_day: Whether a call waits for the next day, however far it is, when a day is spent.
        cooldown_mode: ``probe``, ``space`` or ``off``.
        gateway: Which logins of agents in programs of their own pass through the gateway: ``keys``, ``plans``
            beside them, or none (``off``).
        safety_margin: Fraction taken off every limit in place of the profile's own; None leaves that.
        announce: ``names``: whether agents are called by their names in displays, records and events;
            ``events``: whether events are kept in a file.
        notes: Sentences that the user should be told once.
        conventions: How providers count for which no profile is in use.
        budget: How much may be spent; None if nobody says so.
        record: What is kept of calls that are over.
        own: Of ``overrides``, what the run's own YAML says.
        steering: Temporary limits and pauses.
    """

    in_use: Mapping[str, InUse]
    disabled: tuple[Profile, ...] = ()
    stopped: Mapping[str, str] = field(default_factory=dict)
    overrides: ModelLimits = field(default_factory=dict)
    accounts: Mapping[str, str] = field(default_factory=dict)
    store: str = MEMORY
    max_wait: float = 900
    wait_for_day: bool = False
    cooldown_mode: str = "probe"
    gateway: str = "keys"
    safety_margin: float | None = None
    announce: Mapping[str, bool] = field(default_factory=lambda: {"names": True, "events": False})
    notes: tuple[str, ...] = ()
    conventions: ConventionsOf = any_provider
    budget: BudgetBlock | None = None
    record: RecordSettings = field(default_factory=RecordSettings)
    own: ModelLimits = field(default_factory=dict)
    steering: Steering = NO_STEERING

    def account(self, provider: str) -> str | None:
        """The name of the provider's account in the settings; None if there is none."""
        return self.accounts.get(provider, self.accounts.get(ALL_PROVIDERS))

    def pools_for(self, provider: str, model: str) -> tuple[str, ...]:
        """Names of further pools that calls of a model book in, except the account's."""
        profile = self._profile_of(provider)
        return profile.pools_for(model) if profile else ()

    def rules(self, provider: str, pool: str) -> PoolRules | None:
        """The rules of a pool, after margins; None if it has no limits and learns them.

        Overrides apply key by key over the profile, from the widest family to the model itself; then
        temporary values, see :meth:`steered`.

        Args:
            provider: The provider's name.
            pool: A resolved model, a pool of the profile, or ``ACCOUNT_POOL``.

        Raises:
            ConfigurationError: The profile in use does not cover the model, or the provider's is disabled.
        """
        profile = self._profile_of(provider)
        stated = profile.limits_for(pool) if profile else None
        steered = self.steered(provider, pool)
        wanted = self._overrides_for(profile, pool) | {
            entry.key: entry.value for entry in steered if entry.key != PAUSED
        }
        paused = any(entry.key == PAUSED for entry in steered)
        if not stated and not wanted and not paused:
            if profile is None or profile.is_shared(pool):
                return None
            shared = profile.pools_for(pool)
            if stated is not None and not shared:
                return None
            if not shared and ACCOUNT_POOL not in profile.pools:
                raise _uncovered(profile, pool)
        return self._made(profile, provider, {**(stated or {}), **wanted}, paused=paused)

    def steered(self, provider: str, pool: str) -> tuple[SteeringEntry, ...]:
        """The temporary values in force for a pool: those that no stronger setting overrides."""
        if not self.steering.entries:
            return ()
        use = self.in_use.get(provider)
        names = [*([alias] if use and (alias := use.profile.aliases.get(pool)) else []), pool]
        own = {key for name in names for family in matches(self.own, name) for key in self.own[family]}
        values = self.steering.values_of(pool, *names[:-1]).values()
        pause = self.steering.pause_of(pool, *names[:-1])
        held = [each for each in values if each.over_yaml or each.key not in own]
        return (*held, *([pause] if pause else []))

    def margin_of(self, provider: str) -> float:
        """The fraction that is subtracted from every limit."""
        own = self.in_use[provider].profile.safety_margin if provider in self.in_use else 0
        return own if self.safety_margin is None else self.safety_margin

    def limits_by(self, provider: str, values: LimitValues) -> tuple[Limit, ...]:
        """Convert limit keys as written to a provider's limits, after its margin."""
        profile = self.in_use[provider].profile if provider in self.in_use else None
        conventions = profile.conventions if profile else self.conventions(provider)
        return limits_of(values, conventions, self.margin_of(provider))

    def _made(
        self, profile: Profile | None, provider: str, values: LimitValues, *, paused: bool
    ) -> PoolRules:
        conventions = profile.conventions if profile else self.conventions(provider)
        return PoolRules(
            limits=self.limits_by(provider, values),
            cooldown=int((values.get("cooldown") or 0) * NANOSECONDS),
            cooldown_mode=self.cooldown_mode,
            max_wait=int(self.max_wait * NANOSECONDS),
            wait_for_day=self.wait_for_day,
            zone="UTC" if conventions.day_zone == ROLLING else conventions.day_zone,
            profile=profile.name if profile else "",
            paused=paused,
        )

    def _overrides_for(self, profile: Profile | None, pool: str) -> dict[str, Any]:
        resolved = profile.aliases.get(pool) if profile else None
        aliased = matches(self.overrides, resolved) if resolved else []
        own = matches(self.overrides, pool)
        names = [*(name for name in aliased if name not in own), *own]
        return {key: value for name in names for key, value in self.overrides[name].items()}

    def _profile_of(self, provider: str) -> Profile | None:
        if provider in self.in_use:
            return self.in_use[provider].profile
        if provider in self.stopped:
            raise ConfigurationError(
                f"Every profile that would limit {provider} is switched off; run `massgen-rl profiles "
                f"enable {self.stopped[provider]}`, or switch limiting off for its agents."
            )
        return None

    def to_mapping(self) -> dict[str, Any]:
        """A ``rate_limit:`` block that gives another process the same rules, independent of its files."""
        written = [use.profile for use in self.in_use.values()]
        written += [profile for profile in self.disabled if profile not in written]
        block: dict[str, Any] = {
            "inherit": False,
            "profile": {
                **self.stopped,
                **{provider: use.profile.name for provider, use in self.in_use.items()},
            },
            "disabled": [profile.name for profile in self.disabled],
            "define": [to_document([profile]) for profile in written],
            "models": deepcopy({name: dict(values) for name, values in self.overrides.items()}),
            "account": dict(self.accounts),
            "store": self.store,
            "max_wait": self.max_wait,
            "wait_for_day": self.wait_for_day,
            "cooldown_mode": self.cooldown_mode,
            "gateway": self.gateway,
            "record": self.record.keep,  # every process reads the rest from the user's own settings
        }
        if self.safety_margin is not None:
            block["safety_margin"] = self.safety_margin
        if self.budget is not None:
            block["budget"] = self.budget.to_mapping()
        return block

    def for_plugins(self) -> dict[str, Any]:
        """The same for plugins of this process, with all settings of the record."""
        return {**self.to_mapping(), "record": self.record.model_dump()}

    def for_child(self, run: str) -> dict[str, Any]:
        """The same for a sub-agent, which shares the budget of its parent run.

        Raises are left out, since every process reads them from the user's settings.
        """
        block = self.to_mapping()
        if "budget" in block:
            block["budget"] = {"run_id": run, **block["budget"]}
            block["budget"].pop("raised", None)
        return block


def _uncovered(profile: Profile, model: str) -> ConfigurationError:
    return ConfigurationError(
        f"The profile '{profile.name}' does not cover the model {model[:80]!a}; run `massgen-rl "
        f"profiles set {model[:80]} rpm=NUMBER`, or give the profile a fallback in {profile.origin}."
    )
