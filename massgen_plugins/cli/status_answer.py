"""Implements `status`, without dependencies on the command-line parser."""

from __future__ import annotations

import sys
from pathlib import Path

from massgen_plugins.cli.exits import SPENT
from massgen_plugins.cli.looking import Looked, look
from massgen_plugins.cli.output import as_home, emit_json, say

__all__ = ["answer"]


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
    return SPENT if exit_code and _spent(looked) else 0


def _spent(looked: Looked) -> bool:
    """Whether a day or month is used up, by the limits shown, or by those of the last run, which is said."""
    from massgen_plugins.cli.last_run import spent, spent_in_last_run

    if any(map(spent, looked.pools)):
        return True
    sentence = spent_in_last_run(looked)
    if sentence:
        say(f"massgen-rl: {sentence}")
    return bool(sentence)


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
