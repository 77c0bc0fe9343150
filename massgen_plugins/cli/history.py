"""``massgen-rl history``: calls, refusals and waits, by day, run, model or agent."""

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
"""Available groupings."""

DEFAULT_SINCE = "7d"
_ALL = "all"

_COLUMNS = 8
_FINE = {"day": "hour", "hour": "hour", "month": "day"}
"""Resolution of the sparkline next to a group."""


@dataclass(frozen=True, slots=True)
class History:
    """The history according to the record.

    Attributes:
        by: The grouping.
        groups: Sums per group.
        shapes: For each group, eight numbers with the distribution of its calls over time.
        total: Overall sum; None without calls.
        paces: How long daily quotas will last, by pool.
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
        since: As for :func:`.moments.moment`, or ``all``.
        as_json: Print a JSON document.
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
        say(f"No calls have been recorded since {since} ({as_home(str(path))}); `--since all` shows all.")
    else:
        from massgen_plugins.cli.history_view import lines_of
        from massgen_plugins.cli.screen import screen_of

        screen = screen_of()
        sys.stdout.write(screen.text(lines_of(history, screen, now)))
    return 0


def open_record(settings: SettingsNow) -> tuple[Path, Record]:
    """The record of calls in the settings.

    Raises:
        ConfigurationError: The settings disable the record, or there is no place for it.
    """
    from massgen_plugins.calls.query import Record

    path = settings.record()
    if path is None:
        from massgen_plugins.profiles.places import default_store_path

        if default_store_path() is None:
            raise ConfigurationError("There is no home directory to keep a record of calls in; set HOME.")
        raise ConfigurationError("The settings say record: false, so nothing is known about finished calls.")
    return path, Record(path)


def _history(record: Record, question: Question, by: str, settings: SettingsNow, now: float) -> History:
    groups = record.totals(question, (by,))
    total = next(iter(record.totals(question)), None)
    fine = _FINE.get(by, "hour")
    spread = record.totals(question, (by, fine)) if fine != by else []
    shapes = [_shape(group, spread, by) for group in groups]
    days: Sequence[DayPace] = ()
    with suppress(StoreUnavailable, ConfigurationError):  # the store is optional here
        days = paces(look(settings=settings), record, now)
    return History(by, groups, shapes, total, days)


def _shape(group: Totals, spread: Sequence[Totals], by: str) -> list[int]:
    """The group's calls in eight intervals."""
    counts: Mapping[float, int] = {each.first: each.calls for each in spread if each.key[by] == group.key[by]}
    first, last = group.first, max(group.last, group.first + 1)
    shape = [0] * _COLUMNS
    for begun, calls in counts.items():
        shape[min(_COLUMNS - 1, int((begun - first) / (last - first) * _COLUMNS))] += calls
    return shape
