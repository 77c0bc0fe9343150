"""``massgen-rl forget``: drops what refusals have taught, as after an upgrade to a higher tier."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from massgen_plugins.cli.output import clean, say, tell
from massgen_plugins.cli.store_choice import StoreOption, chosen_store, opened_store, view_of
from massgen_plugins.errors import ConfigurationError

if TYPE_CHECKING:
    from massgen_plugins.quota import Domain, Pool
    from massgen_plugins.rate_limit.stores.base import Store

__all__ = ["register"]

_ALL = "all"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(forget)


def forget(
    pool: Annotated[
        str,
        typer.Argument(
            metavar="POOL",
            help="A pool as `status` shows it, its model if only one pool has it, a domain (its "
            "provider and account), or all.",
        ),
    ],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    use: Annotated[
        bool, typer.Option("--use", help="Forget what is used, too, of a whole domain or of all.")
    ] = False,
    store: StoreOption = None,
) -> None:
    """Drop what refusals have taught; use stays counted."""
    place = chosen_store(store)
    if place is None:
        raise ConfigurationError(
            "The settings say store: memory: nothing is learned for longer than one run."
        )
    view = view_of(place)
    known = [each.pool for each in view.pools]
    if not known:
        say("No call was limited yet: there is nothing to forget.")
        return
    meant = _meant(pool, known)
    domains = list(dict.fromkeys(each.domain for each in meant))
    if use and pool != _ALL and pool not in map(str, domains):
        raise ConfigurationError(
            f"forget: use is forgotten by whole domains; name {clean(str(domains[0]))}, or all."
        )
    if not yes and not _agreed(domains if use else meant, use=use):
        say("Nothing is forgotten.")
        return
    with opened_store(place) as opened:
        for domain in domains:
            if use:
                _begin_anew(opened, domain)
            else:
                _forget_learned(opened, domain, [each for each in meant if each.domain == domain])


def _meant(wanted: str, known: Sequence[Pool]) -> Sequence[Pool]:
    found = [each for each in known if wanted in {_ALL, str(each), str(each.domain)}]
    if found:
        return found
    found = [each for each in known if each.name == wanted]
    if len(found) == 1:
        return found
    from massgen_plugins.profiles.document import shown, suggestion

    if found:
        which = ", ".join(map(str, found))
        raise ConfigurationError(f"forget: several pools have this name; name one of {which}, or all.")
    names = {_ALL, *map(str, known), *(each.name for each in known), *(str(each.domain) for each in known)}
    hint = suggestion(wanted, names)
    raise ConfigurationError(
        f"forget: no pool has the name given, {shown(wanted)}; {hint}{'' if hint.endswith('?') else '.'}"
    )


def _forget_learned(store: Store, domain: Domain, pools: Sequence[Pool]) -> None:
    from massgen_plugins.rate_limit.forgetting import forget_learned

    forget_learned(store, domain, [each.name for each in pools])
    for each in pools:
        tell(f"{each}: forgotten.")


def _begin_anew(store: Store, domain: Domain) -> None:
    from massgen_plugins.rate_limit.forgetting import begin_anew

    begin_anew(store, domain)
    tell(f"{domain}: counted anew.")


def _agreed(names: Sequence[Domain | Pool], *, use: bool) -> bool:
    """Whether the user wants that."""
    if not sys.stdin.isatty():
        raise ConfigurationError("forget: there is nobody to ask; add --yes.")
    what = "all that was learned and used in" if use else "what refusals have taught about"
    count = f"{len(names)} {'domains' if use else 'pools'}"
    return typer.confirm(f"Forget {what} {clean(str(names[0])) if len(names) == 1 else count}?", err=True)
