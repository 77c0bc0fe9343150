"""``massgen-rl forget``: drops what was learned from refusals, such as after an upgrade to a higher tier."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from massgen_plugins.cli.output import clean, say, tell
from massgen_plugins.cli.pool_choice import ALL, PoolName, agreed, known_pools, meant, opened
from massgen_plugins.cli.store_choice import StoreOption
from massgen_plugins.errors import ConfigurationError

if TYPE_CHECKING:
    from massgen_plugins.quota import Domain
    from massgen_plugins.rate_limit.stores.base import Store
    from massgen_plugins.rate_limit.viewing import PoolView

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(forget)


def forget(
    pool: PoolName,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    use: Annotated[
        bool, typer.Option("--use", help="Also forget what was used, of a whole domain or of all.")
    ] = False,
    store: StoreOption = None,
) -> None:
    """Drop what refusals have taught, and say what that was; use stays counted.

    Example: massgen-rl forget gemini-2.5-flash
    """
    from massgen_plugins.cli.learned_text import learned

    place, known = known_pools(store)
    if not known:
        say("No call has been limited yet: there is nothing to forget.")
        return
    views = meant(pool, known, "forget")
    domains = list(dict.fromkeys(each.pool.domain for each in views))
    if use and pool != ALL and pool not in map(str, domains):
        raise ConfigurationError(
            f"forget: --use works on whole domains; name {clean(str(domains[0]))}, or all."
        )
    something = use or any(learned(each) for each in views)
    if something and not yes and not _agreed(domains, views, use=use):
        say("Nothing was forgotten.")
        return
    with opened(place) as store_to_change:
        for domain in domains:
            mine = [each for each in views if each.pool.domain == domain]
            _begin_anew(store_to_change, domain) if use else _forget(store_to_change, domain, mine)


def _forget(store: Store, domain: Domain, views: Sequence[PoolView]) -> None:
    from massgen_plugins.cli.learned_text import learned
    from massgen_plugins.rate_limit.forgetting import forget_learned

    forget_learned(store, domain, [each.pool.name for each in views])
    for each in views:
        dropped = ", ".join(learned(each))
        if dropped:
            tell(f"{each.pool}: forgotten: {dropped}.")
        elif each.eventful:
            tell(f"{each.pool}: nothing was learned.")


def _begin_anew(store: Store, domain: Domain) -> None:
    from massgen_plugins.rate_limit.forgetting import begin_anew

    begin_anew(store, domain)
    tell(f"{domain}: counters reset.")


def _agreed(domains: Sequence[Domain], views: Sequence[PoolView], *, use: bool) -> bool:
    """Ask the user for confirmation."""
    names = domains if use else [each.pool for each in views]
    what = "everything that was learned and used in" if use else "what was learned from refusals about"
    count = f"{len(names)} {'domains' if use else 'pools'}"
    return agreed(f"Forget {what} {names[0] if len(names) == 1 else count}?", "forget")
