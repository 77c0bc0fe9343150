"""``massgen-rl init``: guides from a fresh installation to a limited team."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Annotated

import typer

from massgen_plugins.cli.exits import CHECK_FAILED, NO_HOST
from massgen_plugins.cli.output import as_home, clean, say, tell
from massgen_plugins.errors import ConfigurationError, HostMismatch

if TYPE_CHECKING:
    from massgen_plugins.cli.team_switch import Team
    from massgen_plugins.profiles.places import Places

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(init)


def init(
    team: Annotated[
        Path | None,
        typer.Argument(
            metavar="[FILE]", help="A team's YAML; default: the only one here.", show_default=False
        ),
    ] = None,
    tier: Annotated[
        list[str] | None,
        typer.Option("--tier", metavar="PROFILE", help="The profile of your tier; one for each provider."),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask; write what is shown.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be done, without doing it.")
    ] = False,
    proof: Annotated[
        bool, typer.Option("--proof/--no-proof", help="Make three calls against a sandbox.")
    ] = True,
) -> None:
    """Set limits up: MassGen, key, tier, the team's YAML, and a proof on this machine.

    Nothing is written before you agree, and nothing leaves this machine.

    Example: massgen-rl init team.yaml
    """
    from massgen_plugins.cli.places import current_places
    from massgen_plugins.profiles.loading import read_settings

    _check_host()
    chosen = _team(team)
    places = current_places()
    read_settings(places)  # a run would refuse them, too
    for provider in _providers(chosen):
        _tell_key(provider)
        _choose_tier(provider, tier or (), places, yes=yes, dry_run=dry_run)
    if chosen:
        _switch_on(chosen, yes=yes, dry_run=dry_run)
    if proof and not dry_run:
        _prove()
    tell(_next(chosen, team, dry_run=dry_run))


def _next(team: Team | None, given: Path | None, *, dry_run: bool) -> str:
    if team is None:
        return (
            "Next: write a team's YAML (massgen --quickstart asks and writes one), then: massgen-rl init FILE"
        )
    if dry_run:
        return f"Next: massgen-rl init{f' {quote(str(given))}' if given else ''}"
    start = f'massgen --config {quote(str(team.path))} "Your question"'
    return f"Next: {start}, and in another terminal: massgen-rl watch"


def _check_host() -> None:
    from massgen_plugins.cli.checks.finding import Mark
    from massgen_plugins.cli.checks.seams import check_attachment
    from massgen_plugins.cli.installed_host import require_host

    try:
        version = require_host()
    except HostMismatch as error:
        say(f"massgen-rl: {error}")
        raise typer.Exit(NO_HOST) from error
    say("starting MassGen, about ten seconds ...")
    finding = check_attachment()
    if finding.mark is Mark.FAIL:
        say(f"massgen-rl: {clean(finding.found)}; {finding.cure}.")
        raise typer.Exit(CHECK_FAILED)
    tell(f"MassGen  {version} starts, and limits attach to it.")


def _team(given: Path | None) -> Team | None:
    from massgen_plugins.cli.team_switch import Team, find_team

    path = given or find_team(Path())
    if path is not None:
        return Team(path)
    tell("Team     there is no YAML of a team here, or more than one; name it: massgen-rl init FILE")
    return None


def _providers(team: Team | None) -> list[str]:
    """The known providers of the team's agents; Gemini without a team."""
    from massgen_plugins.manager import build_manager

    if team is None:
        return ["gemini"]
    known = build_manager(lambda sentence: say(f"massgen-rl: {sentence}")).providers()
    found: dict[str, None] = {}
    for backend in team.backends:
        kind, url = str(backend.get("type") or "").lower(), backend.get("base_url")
        if name := next((each.name for each in known if kind and each.serves(kind, url)), ""):
            found[name] = None
    return list(found)


def _tell_key(provider: str) -> None:
    from massgen_plugins.cli.key_places import key_names, key_place

    place = key_place(provider)
    names = " or ".join(key_names(provider))
    tell(f"Key      {provider}: {place or f'none found; write {names}=... into ~/.massgen/.env'}.")


def _choose_tier(provider: str, wanted: Sequence[str], places: Places, *, yes: bool, dry_run: bool) -> None:
    from massgen_plugins.profiles.edit import use
    from massgen_plugins.profiles.overview import overview

    try:
        rows = overview(provider, places=places)
    except ConfigurationError:
        tell(f"Tier     {provider}: no profile, limits are learned.")
        return
    now = next((row.name for row in rows if row.on), "")
    names = [row.name for row in rows]
    chosen = next((name for name in wanted if name in names), "")
    if not chosen and not yes and not dry_run and sys.stdin.isatty():
        answer = typer.prompt(f"Tier of {provider} ({', '.join(names)})", default=now or "learned", err=True)
        chosen = "" if answer == "learned" else str(answer)
    if not chosen or chosen == now:
        others = ", ".join(name for name in names if name != now)
        more = f" Others: {others}." if others else ""
        tell(f"Tier     {provider}: {now or 'no profile, limits are learned'}.{more}")
    elif dry_run:
        tell(f"Tier     {provider}: {chosen} would be used.")
    else:
        tell(f"Tier     {provider}: {chosen} is in use ({as_home(str(use(chosen, places=places)))}).")


def _switch_on(team: Team, *, yes: bool, dry_run: bool) -> None:
    if team.off:
        tell(f"Team     {team.path}: {team.off} of its agents say enable_rate_limit: false, and keep it.")
    if team.after == team.before:
        tell(f"Team     {team.path}: {len(team.backends)} agents, nothing to change.")
        return
    tell(team.diff())
    if dry_run:
        tell(f"Team     {team.path} would be changed.")
        return
    if not yes:
        if not sys.stdin.isatty():
            raise ConfigurationError("init: no terminal to ask on; add --yes, or --dry-run to look only.")
        if not typer.confirm(f"Write {clean(str(team.path))}?", default=True, err=True):
            tell(f"Team     {team.path} is unchanged.")
            return
    team.write()
    tell(f"Team     {team.path}: {len(team.backends)} agents are limited.")


def _prove() -> None:
    from massgen_plugins.demo.failure import DemoError
    from massgen_plugins.demo.proof import prove

    say("three calls against a sandbox on this machine, about twenty seconds ...")
    try:
        proof = prove()
    except DemoError as error:
        say(f"massgen-rl: {error} `massgen-rl doctor` looks at everything.")
        raise typer.Exit(CHECK_FAILED) from error
    ends = ", ".join(f"{each:g} s" for each in proof.seconds)
    verdict = "limited" if proof.limited else "NOT limited"
    tell(f"Proof    3 calls at 2 in 3 s: {verdict}, {proof.refused} refused (answered after {ends}).")
    if not proof.limited:
        raise typer.Exit(CHECK_FAILED)
