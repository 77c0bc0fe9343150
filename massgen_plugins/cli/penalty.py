"""``massgen-rl penalty clear``: ends the penalties of refusals, but keeps learned limits."""

from __future__ import annotations

from typing import Annotated

import typer

from massgen_plugins.cli.output import say, tell
from massgen_plugins.cli.pool_choice import PoolName, agreed, known_pools, meant, opened
from massgen_plugins.cli.store_choice import StoreOption

__all__ = ["app"]

app = typer.Typer(
    help="End what a refusal imposed: a pause, a closed pool, a spent day, a slower pace.",
    rich_markup_mode=None,
    no_args_is_help=True,
)


@app.callback()
def _penalty() -> None:
    """End what a refusal imposed: a pause, a closed pool, a spent day, a slower pace."""


@app.command()
def clear(
    pool: PoolName,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    store: StoreOption = None,
) -> None:
    """Let calls leave again at once; learned limits stay.

    The provider may refuse again: it has asked for the wait.

    Example: massgen-rl penalty clear gemini-2.5-flash
    """
    from massgen_plugins.cli.learned_text import imposed
    from massgen_plugins.rate_limit.forgetting import clear_penalties

    place, known = known_pools(store)
    if not known:
        say("No call has been limited yet: there is nothing to clear.")
        return
    held = [(each, imposed(each)) for each in meant(pool, known, "penalty clear")]
    views = [(each, found) for each, found in held if found]
    if not views:
        say("No refusal blocks anything there: there is nothing to clear.")
        return
    what = "; ".join(f"{each.pool}: {', '.join(found)}" for each, found in views)
    if not yes and not agreed(f"The provider asked for it ({what}). Clear it anyway?", "penalty clear"):
        say("Nothing was cleared.")
        return
    with opened(place) as opened_store:
        for each, found in views:
            clear_penalties(opened_store, each.pool.domain, [each.pool.name])
            tell(f"{each.pool}: cleared: {', '.join(found)}.")
