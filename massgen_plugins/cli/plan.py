"""``massgen-rl plan team.yaml``: estimates calls, time, waits and cost of a run."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from massgen_plugins.cli.exits import SPENT
from massgen_plugins.cli.history import open_record
from massgen_plugins.cli.looking import look
from massgen_plugins.cli.output import emit_json, say
from massgen_plugins.cli.settings_now import SettingsNow
from massgen_plugins.cli.team_file import read_team
from massgen_plugins.errors import ConfigurationError, StoreUnavailable
from massgen_plugins.host.plugin_profiles import readable
from massgen_plugins.manager import build_manager
from massgen_plugins.planning.days import SpanLeft, spans_left
from massgen_plugins.planning.plan import Estimate, Past, calls_shared, estimates_of, past_of, shapes_of
from massgen_plugins.planning.sooner import Sooner, Surroundings, sooner
from massgen_plugins.planning.team import Team
from massgen_plugins.profiles.loading import load_settings, read_catalog
from massgen_plugins.profiles.places import find_places

if TYPE_CHECKING:
    from massgen_plugins.rate_limit.viewing import PoolView

__all__ = ["Plan", "answer"]

_NOTHING_USED = "The plan assumes that nothing is used yet."


@dataclass(frozen=True, slots=True)
class Plan:
    """The plan of a run.

    Attributes:
        file: The team's file as given.
        team: Its agents.
        past: Statistics of earlier calls.
        estimates: Minimum, usual and maximum.
        spans: Remaining daily and monthly limits.
        sooner: Changes that would shorten it.
    """

    file: str
    team: Team
    past: Past
    estimates: Sequence[Estimate]
    spans: Sequence[SpanLeft]
    sooner: Sequence[Sooner]

    @property
    def usual(self) -> Estimate:
        """The usual scenario."""
        return next(each for each in self.estimates if each.name == "usual")

    @property
    def suffices(self) -> bool:
        """Whether daily and monthly limits, and the maximum wait, suffice for the usual run."""
        return not self.usual.result.refused and all(each.runs for each in self.spans)


def answer(file: str, *, as_json: bool = False) -> int:
    """Show the plan; returns the exit code.

    Raises:
        ConfigurationError: The file or settings are invalid, or there is nothing to plan.
    """
    plan = _plan(Path(file))
    if as_json:
        from massgen_plugins.cli.plan_view import document

        emit_json(document(plan))
    else:
        from massgen_plugins.cli.plan_view import lines_of
        from massgen_plugins.cli.screen import screen_of

        screen = screen_of()
        sys.stdout.write(screen.text(lines_of(plan, screen)))
    return 0 if plan.suffices else SPENT


def _plan(file: Path) -> Plan:
    config = read_team(file)
    plugins = build_manager(_warn)
    directories = readable(plugins.profile_directories(), _warn)
    providers = plugins.providers()
    conventions = {each.name: each.conventions for each in providers}
    places = find_places(extra_profile_dirs=directories)
    settings = load_settings(
        config,
        config_path=str(file),
        extra_profile_dirs=directories,
        conventions=lambda name: conventions.get(name, places.conventions(name)),
    )
    around = Surroundings(config, settings, read_catalog(places).profiles, providers)
    team = around.team()
    if not team.agents:
        raise ConfigurationError(
            f"{file}: there is nothing to plan: no plugin reads the calls of {', '.join(team.unknown)}."
        )
    known = SettingsNow()
    past = _past(known, file)
    estimates = estimates_of(team, past)
    usual = next(each for each in estimates if each.name == "usual")
    calls = calls_shared(usual.calls, team.agents)
    spans = spans_left(team, calls, shapes_of(team, past), _pools(known))
    return Plan(str(file), team, past, estimates, spans, sooner(team, past, usual, around))


def _past(settings: SettingsNow, file: Path) -> Past:
    try:
        _, record = open_record(settings)
        return past_of(record, str(file.resolve()))
    except ConfigurationError:  # no record is kept
        return Past()
    except StoreUnavailable as error:
        _warn(f"{error} The plan uses no earlier runs.")
        return Past()


def _pools(settings: SettingsNow) -> Sequence[PoolView]:
    try:
        looked = look(settings=settings)
    except (ConfigurationError, StoreUnavailable) as error:
        _warn(f"{error} {_NOTHING_USED}")
        return ()
    for fault in looked.faults:
        _warn(fault)
    return looked.pools


def _warn(sentence: str) -> None:
    say(f"massgen-rl: {sentence}")
