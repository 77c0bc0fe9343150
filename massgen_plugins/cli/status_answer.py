"""Implements `status`, without dependencies on the command-line parser."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from massgen_plugins.cli.exits import SPENT
from massgen_plugins.cli.looking import Looked, look
from massgen_plugins.cli.output import as_home, emit_json, say
from massgen_plugins.quota import CalendarDay, CalendarMonth

if TYPE_CHECKING:
    from massgen_plugins.rate_limit.viewing import PoolView

__all__ = ["answer", "spent"]


def answer(*, as_json: bool = False, store: str | None = None, exit_code: bool = False) -> int:
    """Show the state of every pool.

    Args:
        as_json: Print a JSON document.
        store: Value of ``--store``.
        exit_code: Whether the exit code signals a used-up day or month.

    Returns:
        The exit code.
    """
    looked = look(store)
    for fault in looked.faults:
        say(f"massgen-rl: {fault}")
    if as_json:
        from massgen_plugins.cli.status_json import document

        emit_json(document(looked))
    elif looked.pools or looked.plans:
        from massgen_plugins.cli.screen import screen_of
        from massgen_plugins.cli.status_view import lines_of

        screen = screen_of()
        sys.stdout.write(screen.text(lines_of(looked, screen)))
    else:
        say(_nothing(looked))
        _tell_steering(looked)
    if not as_json:
        _name_unlimited()
    return SPENT if exit_code and any(map(spent, looked.pools)) else 0


def spent(pool: PoolView) -> bool:
    """Whether a daily or monthly limit of a pool is used up, or the provider refuses calls until later."""
    if pool.penalties.until > pool.now.wall:
        return True
    return any(
        row.used >= row.cap
        for row in pool.limits
        if isinstance(row.limit.window, CalendarDay | CalendarMonth)
    )


def _tell_steering(looked: Looked) -> None:
    """Show temporary changes that do not belong to a displayed pool."""
    from massgen_plugins.cli.status_steering import steering_note
    from massgen_plugins.profiles.steering import ALL_MODELS

    for entry in looked.steering.entries:
        whose = "all models" if entry.model == ALL_MODELS else entry.model
        say(f"{whose}: {steering_note(entry)}")


def _name_unlimited() -> None:
    from massgen_plugins.host.unlimited import cure_of, remembered

    for each in remembered():
        say(f"massgen-rl: {each.sentence}. To have limits, {cure_of(each.way)}.")


def _nothing(looked: Looked) -> str:
    place: Path | str | None = looked.place
    if place is None:
        return "The settings say store: memory, so what is used is known to the running MassGen alone."
    return f"No call was limited yet ({as_home(str(place))})."
