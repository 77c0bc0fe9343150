"""Collects the data shown by `limits`: models, limits by key, learned limits, settings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from massgen_plugins.cli.model_names import ModelNames, example_of
from massgen_plugins.cli.places import current_places
from massgen_plugins.cli.team_file import team_layer
from massgen_plugins.profiles.loading import layers_of, read_settings
from massgen_plugins.profiles.origins import LimitOrigin, SettingOrigin, limit_origins, setting_origins
from massgen_plugins.quota import Limit

__all__ = ["Found", "ModelFound", "find"]


@dataclass(frozen=True, slots=True)
class ModelFound:
    """A model of one provider.

    Attributes:
        model: As requested, or as named by earlier calls or settings.
        provider: The provider.
        profile: The profile in use; "" if there is none.
        margin: The fraction subtracted from every limit.
        paused: Whether it is paused.
        limits: By key.
        learned: Lower limits that the provider has stated.
    """

    model: str
    provider: str
    profile: str
    margin: float
    paused: bool
    limits: Sequence[LimitOrigin]
    learned: Sequence[Limit]


@dataclass(frozen=True, slots=True)
class Found:
    """All collected data.

    Attributes:
        models: Models.
        settings: Settings other than limits.
    """

    models: Sequence[ModelFound]
    settings: Sequence[SettingOrigin]


def find(model: str | None, team: Path | None) -> Found:
    """Read settings, profiles and the store.

    Args:
        model: Only this model; None for those of earlier calls and settings, else of the profiles in use.
        team: A team's YAML, whose settings take precedence.

    Raises:
        ConfigurationError: Settings are invalid, or the model is unknown.
    """
    places = current_places()
    run = team_layer(team) if team else None
    names = ModelNames.of(places, run)
    layers = layers_of(places, run)
    settings = read_settings(places, run)
    if model is not None and not names.rules(model):
        names.require(model, "limits", cure="")
    wanted = [model] if model is not None else _usual(names)
    rows = [_model(names, each, provider) for each in wanted for provider in names.rules(each) or [""]]
    found = [
        ModelFound(
            *each, limit_origins(settings, layers, each[1], example_of(each[0])), _learned(names, *each[:2])
        )
        for each in rows
    ]
    return Found(found, setting_origins(settings, layers))


def _model(names: ModelNames, model: str, provider: str) -> tuple[str, str, str, float, bool]:
    settings = names.settings
    use = settings.in_use.get(provider)
    pause = settings.steering.pause_of(example_of(model)) if settings.steering.entries else None
    margin = settings.margin_of(provider)
    return model, provider, use.profile.name if use else "", margin, pause is not None


def _usual(names: ModelNames) -> list[str]:
    settings = names.settings
    steered = [entry.model for entry in settings.steering.entries if entry.model != "*"]
    called = [each.pool.name for each in names.pools if not each.pool.name.startswith("*")]
    named = dict.fromkeys([*called, *settings.overrides, *steered])
    return list(named) or [model for use in settings.in_use.values() for model in use.profile.models]


def _learned(names: ModelNames, model: str, provider: str) -> list[Limit]:
    return [
        limit
        for view in names.pools_of(model)
        if view.pool.domain.provider == provider
        for key, limit in view.penalties.learned.items()
        if limit.amount
        < next((each.amount for each in view.rules.limits if each.key == key), limit.amount + 1)
    ]
