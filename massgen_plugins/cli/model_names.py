"""Looks up names of models: their provider, whether they are known, and suggestions for unknown ones."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path

from massgen_plugins.errors import ConfigurationError, StoreUnavailable
from massgen_plugins.profiles.families import matches
from massgen_plugins.profiles.layers import Layer
from massgen_plugins.profiles.loading import read_catalog, read_settings
from massgen_plugins.profiles.names import best_match
from massgen_plugins.profiles.places import Places
from massgen_plugins.profiles.redis_address import is_redis
from massgen_plugins.profiles.settings import MEMORY, Settings
from massgen_plugins.profiles.steering import Steering
from massgen_plugins.quota import PoolRules
from massgen_plugins.rate_limit.viewing import PoolView

__all__ = ["ModelNames", "example_of"]

_ALIKE = 0.8


def example_of(model: str) -> str:
    """A model that a family covers, with a version in place of each ``*``."""
    return model.replace("*", "1")


@dataclass(frozen=True, slots=True)
class ModelNames:
    """The names that profiles, settings and earlier calls use.

    Attributes:
        settings: The current settings.
        stated: Names in profiles and settings.
        pools: Pools of earlier calls in the store.
        profiles: Names of all profiles.
    """

    settings: Settings
    stated: frozenset[str]
    pools: Sequence[PoolView] = ()
    profiles: frozenset[str] = frozenset()

    @classmethod
    def of(cls, places: Places, run: Layer | None = None) -> ModelNames:
        """Read profiles, settings and the store; an unreadable store contributes no names."""
        settings = read_settings(places, run)
        stated = set(settings.overrides) | {entry.model for entry in settings.steering.entries}
        profiles = read_catalog(places).profiles
        for profile in profiles:
            stated |= {*profile.models, *profile.aliases, *profile.pools}
        names = frozenset(profile.name for profile in profiles)
        return cls(settings, frozenset(stated - {"*"}), _pools(settings), names)

    def steered_by(self, steering: Steering) -> ModelNames:
        """The same with different temporary limits."""
        return replace(self, settings=replace(self.settings, steering=steering))

    @property
    def seen(self) -> dict[str, str]:
        """Providers by model of earlier calls."""
        return {each.pool.name: each.pool.domain.provider for each in self.pools}

    def pools_of(self, model: str) -> list[PoolView]:
        """Pools of a model or family in the store."""
        return [each for each in self.pools if matches([model], each.pool.name) or each.pool.name == model]

    def known(self, model: str) -> bool:
        """Whether a model or family is known."""
        examples = (*self.seen, *map(example_of, self.stated))
        return (
            model in self.stated
            or model in self.seen
            or bool(matches(self.stated, example_of(model)))
            or any(matches([model], name) for name in examples)
        )

    def meant(self, model: str) -> str:
        """The closest known name; "" if none is close."""
        candidates = {self._filled(name, model) for name in self.stated} | set(self.seen)
        near = get_close_matches(model, sorted(candidates), cutoff=_ALIKE)
        return near[0] if near else ""

    def require(self, model: str, command: str, cure: str = "Add --yes to write it anyway.") -> None:
        """Refuse an unknown name, since changing its limits would have no effect.

        Raises:
            ConfigurationError: The name is unknown.
        """
        if self.known(model):
            return
        near = self.meant(model)
        hint = f"did you mean '{near}'?" if near else "`massgen-rl profiles` shows what there is."
        known = f"{command}: no profile, setting or earlier call names the model {model[:80]!a}"
        raise ConfigurationError(f"{known}; {hint} {cure}".rstrip())

    def rules(self, model: str) -> dict[str, PoolRules | None]:
        """The current rules of a model, by provider."""
        name = example_of(model)
        found = {}
        for provider in self._providers(name):
            try:
                found[provider] = self.settings.rules(provider, name)
            except ConfigurationError:  # it is not covered
                found[provider] = None
        return found

    def _providers(self, model: str) -> Iterable[str]:
        named = [
            provider
            for provider, use in self.settings.in_use.items()
            if best_match({*use.profile.models, *use.profile.pools}, model, use.profile.aliases)
        ]
        return dict.fromkeys([*named, *([self.seen[model]] if model in self.seen else [])])

    @staticmethod
    def _filled(family: str, model: str) -> str:
        """A family with the model's versions in place of each ``*``, if both have equally many parts."""
        wanted, parts = family.split("-"), model.split("-")
        if len(wanted) != len(parts):
            return family
        return "-".join(part if want == "*" else want for want, part in zip(wanted, parts, strict=True))


def _pools(settings: Settings) -> Sequence[PoolView]:
    from massgen_plugins.cli.store_choice import view_of

    if settings.store == MEMORY:
        return ()
    try:
        return view_of(settings.store if is_redis(settings.store) else Path(settings.store)).pools
    except StoreUnavailable:
        return ()
