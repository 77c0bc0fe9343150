"""``massgen-rl status``: what is used of each limit, and who waits for what."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from massgen_plugins.cli.output import as_home, emit_json, say
from massgen_plugins.cli.store_choice import StoreOption, chosen_store, view_of

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(status)


def status(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")] = False,
    store: StoreOption = None,
) -> None:
    """Show how much of each limit is used, and what waits."""
    import time

    place = chosen_store(store)
    view = view_of(place)
    for fault in view.faults:
        say(f"massgen-rl: {fault}")
    if as_json:
        from massgen_plugins.cli.status_json import document

        emit_json(document(place, view, time.time()))
        return
    if any(pool.eventful for pool in view.pools):
        from massgen_plugins.cli.status_view import show

        show([pool for pool in view.pools if pool.eventful], time.time())
    else:
        say(_nothing(place))
    _name_unlimited()


def _name_unlimited() -> None:
    from massgen_plugins.host.unlimited import cure_of, remembered

    for each in remembered():
        say(f"massgen-rl: {each.sentence}. To have limits, {cure_of(each.way)}.")


def _nothing(place: Path | str | None) -> str:
    if place is None:
        return "The settings say store: memory, so what is used is known to the running MassGen alone."
    return f"No call was limited yet ({as_home(str(place))})."
