"""``massgen-rl forget``: drops what refusals have taught, as after an upgrade to a higher tier."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from massgen_plugins.cli.output import clean, say, tell
from massgen_plugins.cli.store_choice import StoreOption, chosen_store, redis_store, scopes_in
from massgen_plugins.errors import ConfigurationError

if TYPE_CHECKING:
    from massgen_plugins.quota import Scope

__all__ = ["register"]

_ALL = "all"
_TRIES = 200


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(forget)


def forget(
    scope: Annotated[
        str,
        typer.Argument(
            metavar="SCOPE",
            help="A scope as `status` shows it, or its model if only one scope has it, or all.",
        ),
    ],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    store: StoreOption = None,
) -> None:
    """Drop what refusals have taught; use stays counted."""
    path = chosen_store(store)
    if path is None:
        raise ConfigurationError(
            "The settings say store: memory: nothing is learned for longer than one run."
        )
    known = {str(view.scope): view.scope for view in scopes_in(path)}
    names = _meant(scope, {name: each.model for name, each in known.items()})
    if not names:
        say("No call was limited yet: there is nothing to forget.")
        return
    if not yes and not _agreed(names):
        say("Nothing is forgotten.")
        return
    for name in names:
        _drop_lessons(path, known[name])
        tell(f"{name}: forgotten.")


def _meant(wanted: str, models: dict[str, str]) -> Sequence[str]:
    if wanted == _ALL or wanted in models:
        return list(models) if wanted == _ALL else [wanted]
    found = [name for name, model in models.items() if model == wanted]
    if len(found) == 1:
        return found
    from massgen_plugins.profiles.document import shown, suggestion

    if found:
        raise ConfigurationError(
            f"forget: several scopes have this model; name one of {', '.join(found)}, or all."
        )
    hint = suggestion(wanted, {_ALL, *models, *models.values()})
    raise ConfigurationError(
        f"forget: no scope has the name given, {shown(wanted)}; {hint}{'' if hint.endswith('?') else '.'}"
    )


def _agreed(names: Sequence[str]) -> bool:
    if not sys.stdin.isatty():
        raise ConfigurationError("forget: there is nobody to ask; add --yes.")
    what = names[0] if len(names) == 1 else f"{len(names)} scopes"
    return typer.confirm(f"Forget what refusals have taught about {clean(what)}?", err=True)


def _drop_lessons(path: Path | str, scope: Scope) -> None:
    if isinstance(path, str):
        redis_store(path).unlearn(scope)
        return
    import time

    from massgen_plugins.errors import StoreUnavailable
    from massgen_plugins.rate_limit.stores.base import StoreBusy
    from massgen_plugins.rate_limit.stores.sqlite import SqliteStore

    store = SqliteStore(path, say)
    try:
        for _ in range(_TRIES):
            try:
                store.unlearn(scope)
            except StoreBusy:
                time.sleep(0.01)  # a running MassGen is writing
            else:
                return
    finally:
        store.close()
    raise StoreUnavailable(f"{path} is locked by another program; try again.")
