"""``massgen-rl history``: what was called, refused and waited for, by day, run, model or agent."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from massgen_plugins.cli.history_pace import DayPace, paces
from massgen_plugins.cli.looking import look
from massgen_plugins.cli.moments import moment
from massgen_plugins.cli.output import as_home, emit_json, say
from massgen_plugins.cli.settings_now import SettingsNow
from massgen_plugins.errors import ConfigurationError, StoreUnavailable

if TYPE_CHECKING:
    from massgen_plugins.calls.query import Record
    from massgen_plugins.calls.rows import Question, Totals

__all__ = ["BY", "History", "answer", "open_record"]

BY = ("day", "run", "model", "agent", "hour", "month", "provider", "account", "file")
"""By what it can be shown."""

DEFAULT_SINCE = "7d"
_ALL = "all"

_COLUMNS = 8
_FINE = {"day": "hour", "hour": "hour", "month": "day"}
"""In what the small picture beside a group counts."""


@dataclass(frozen=True, slots=True)
class History:
    """What the record says.

    Attributes:
        by: Of what each group is one.
        groups: The sums.
        shapes: For each group, how its calls are spread over its time: eight numbers.
        total: The sum of all; None if nothing was called.
        paces: How long the days of the pools last.
    """

    by: str
    groups: Sequence[Totals]
    shapes: Sequence[Sequence[int]]
    total: Totals | None
    paces: Sequence[DayPace]


def answer(
    *,
    by: str = "day",
    since: str = DEFAULT_SINCE,
    as_json: bool = False,
    **only: Any,
) -> int:
    """Show the history.

    Args:
        by: One of ``BY``.
        since: As of :func:`.moments.moment`, or ``all``.
        as_json: One document for programs.
        only: Only calls of this ``run``, ``model`` or ``agent``.

    Returns:
        The exit code.
    """
    if by not in BY:
        from massgen_plugins.profiles.document import shown, suggestion

        raise ConfigurationError(f"--by: {shown(by)} is not understood; {suggestion(by, BY)}.")
    from massgen_plugins.calls.rows import Question

    now = time.time()
    question = replace(Question(since=None if since == _ALL else moment(since, "--since", now)), **only)
    settings = SettingsNow()
    path, record = open_record(settings)
    history = _history(record, question, by, settings, now)
    settings.keep()
    if as_json:
        from massgen_plugins.cli.history_view import document

        emit_json(document(history, since))
    elif history.total is None:
        say(f"No call is recorded since {since} ({as_home(str(path))}); `--since all` shows all.")
    else:
        from massgen_plugins.cli.history_view import lines_of
        from massgen_plugins.cli.screen import screen_of

        screen = screen_of()
        sys.stdout.write(screen.text(lines_of(history, screen, now)))
    return 0


def open_record(settings: SettingsNow) -> tuple[Path, Record]:
    """The record of calls that the settings name.

    Raises:
        ConfigurationError: They keep none.
    """
    from massgen_plugins.calls.query import Record

    path = settings.record()
    if path is None:
        raise ConfigurationError(
            "The settings say record: false, so nothing is known of calls that are over."
        )
    return path, Record(path)


def _history(record: Record, question: Question, by: str, settings: SettingsNow, now: float) -> History:
    groups = record.totals(question, (by,))
    total = next(iter(record.totals(question)), None)
    fine = _FINE.get(by, "hour")
    spread = record.totals(question, (by, fine)) if fine != by else []
    shapes = [_shape(group, spread, by) for group in groups]
    days: Sequence[DayPace] = ()
    with suppress(StoreUnavailable, ConfigurationError):  # the record can be read without the store
        days = paces(look(settings=settings), record, now)
    return History(by, groups, shapes, total, days)


def _shape(group: Totals, spread: Sequence[Totals], by: str) -> list[int]:
    """Its calls in eight spans of its time."""
    counts: Mapping[float, int] = {each.first: each.calls for each in spread if each.key[by] == group.key[by]}
    first, last = group.first, max(group.last, group.first + 1)
    shape = [0] * _COLUMNS
    for begun, calls in counts.items():
        shape[min(_COLUMNS - 1, int((begun - first) / (last - first) * _COLUMNS))] += calls
    return shape
