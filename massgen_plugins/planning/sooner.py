"""Changes that would shorten a run: fewer agents, or another profile of the same provider."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from massgen_plugins.errors import ConfigurationError
from massgen_plugins.planning.plan import Estimate, Past, play
from massgen_plugins.planning.team import Team, team_of
from massgen_plugins.profiles import InUse, Profile, Settings
from massgen_plugins.providers.base import Provider

__all__ = ["Sooner", "Surroundings", "sooner"]

_WORTH = 0.9
"""Maximum relative duration of a change that is suggested: a tenth shorter."""

_MOST = 3


@dataclass(frozen=True, slots=True)
class Sooner:
    """A suggested change.

    Attributes:
        change: In words: ``3 agents``, or a profile's name.
        seconds: Resulting duration of the run.
    """

    change: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Everything that determines a team and its limits.

    Attributes:
        config: The MassGen configuration.
        settings: The current settings.
        profiles: All profiles.
        providers: All providers.
    """

    config: Mapping[str, Any]
    settings: Settings
    profiles: Sequence[Profile]
    providers: Sequence[Provider]

    def team(self) -> Team:
        """The team under the current settings."""
        return team_of(self.config, self.settings, self.providers)

    def team_with(self, profile: Profile) -> Team | None:
        """The team under another profile; None if that does not cover all of its models."""
        in_use = {**self.settings.in_use, profile.provider: InUse(profile, "user")}
        try:
            return team_of(self.config, replace(self.settings, in_use=in_use), self.providers)
        except ConfigurationError:
            return None


def sooner(team: Team, past: Past, usual: Estimate, around: Surroundings) -> list[Sooner]:
    """Changes that make the usual run at least a tenth shorter, smallest gain first."""
    calls, agents = usual.calls, team.agents
    found: list[Sooner] = []
    half = len(agents) // 2
    if half > 1:
        fewer = play(team, past, round(calls * half / len(agents)), agents[:half])
        found.append(Sooner(f"{half} agents", fewer.seconds))
    if usual.result.limits:
        found.append(_with_twice(team, past, calls, usual.result.limits.most_common(1)[0][0]))
    first_profile = len(found)
    used = {agent.domain.provider for agent in agents}
    for profile in around.profiles:
        other = around.team_with(profile) if profile.provider in used else None
        if other is not None:
            seconds = play(other, past, calls).seconds
            if seconds not in {each.seconds for each in found[first_profile:]}:
                found.append(Sooner(profile.name, seconds))
    worth = [each for each in found if each.seconds < usual.result.seconds * _WORTH]
    return sorted(worth, key=lambda each: -each.seconds)[:_MOST]


def _with_twice(team: Team, past: Past, calls: int, binding: str) -> Sooner:
    """The effect of doubling the binding limit, without a specific profile."""
    rules, change = {}, ""
    for place, known in team.rules.items():
        limits = []
        for limit in known.limits:
            bound = str(limit) == binding
            limits.append(replace(limit, amount=2 * limit.amount) if bound else limit)
            change = str(limits[-1]) if bound else change
        rules[place] = replace(known, limits=tuple(limits))
    return Sooner(change, play(replace(team, rules=rules), past, calls).seconds)
