"""Shell completion of names of budgets and runs."""

from __future__ import annotations

__all__ = ["complete", "complete_runs"]


def complete(incomplete: str) -> list[str]:
    """Names of budgets shared by all runs; empty if settings or store cannot be read."""
    return [name for name in dict.fromkeys(_names(of_runs=False)) if name.startswith(incomplete)]


def complete_runs(incomplete: str) -> list[str]:
    """Names of budgets and runs that can be reset."""
    return [name for name in dict.fromkeys(["shared", *_names(of_runs=True)]) if name.startswith(incomplete)]


def _names(*, of_runs: bool) -> list[str]:
    import time

    from massgen_plugins.cli.budget_view import rows_of
    from massgen_plugins.cli.store_choice import chosen_store
    from massgen_plugins.errors import MassgenPluginsError

    try:
        place = chosen_store(None)
        rows = rows_of(place, time.time(), lambda _: None) if place is not None else []
    except MassgenPluginsError:
        return []
    return [row.run if of_runs else row.name for row in rows if bool(row.run) is of_runs]
