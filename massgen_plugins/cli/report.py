"""``massgen-rl report run.html``: a shareable page about one run."""

from __future__ import annotations

import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from massgen_plugins.cli.history import open_record
from massgen_plugins.cli.looking import look
from massgen_plugins.cli.output import as_home, tell
from massgen_plugins.cli.report_data import RunReport, agents_of, limit_uses
from massgen_plugins.cli.report_page import MARK, page_of
from massgen_plugins.cli.settings_now import SettingsNow
from massgen_plugins.errors import ConfigurationError, StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from massgen_plugins.calls.query import Record
    from massgen_plugins.calls.rows import CallRow, RunRow
    from massgen_plugins.rate_limit.viewing import PoolView

__all__ = ["answer", "report_of"]


def answer(file: str, *, run: str | None = None, hide_names: bool = False, overwrite: bool = False) -> int:
    """Write the page; returns the exit code.

    Args:
        file: Output file; ``-`` for standard output.
        run: The run's name; None for the latest one.
        hide_names: Replace agents' names by numbers, and omit paths.
        overwrite: Replace a file that is not a report.

    Raises:
        ConfigurationError: There is no such run, or the file cannot be written.
    """
    settings = SettingsNow()
    _, record = open_record(settings)
    report = report_of(record, run, _pools(settings))
    settings.keep()
    page = page_of(_anonymised(report) if hide_names else report, time.time())
    if file == "-":
        sys.stdout.write(page)
        return 0
    _write(Path(file), page, overwrite=overwrite)
    tell(f"{as_home(str(Path(file).absolute()))}: {report.run.name or 'calls outside of any run'}.")
    return 0


def report_of(record: Record, name: str | None, pools: Sequence[PoolView]) -> RunReport:
    """The report of a run.

    Raises:
        ConfigurationError: There is no such run, or none at all.
    """
    from massgen_plugins.calls.rows import Question

    run = _run(record, name)
    question = Question(run=run.name)
    calls = list(record.calls(question, newest_first=False))
    [totals] = record.totals(question)
    return RunReport(run, agents_of(calls), limit_uses(calls, pools), totals)


def _run(record: Record, name: str | None) -> RunRow:
    runs = record.runs()
    if not runs:
        raise ConfigurationError("report: no run is recorded yet; run MassGen with enable_rate_limit: true.")
    if name is None:
        return runs[0]
    found = [each for each in runs if each.name == name]
    if found:
        return found[0]
    from massgen_plugins.profiles.document import shown, suggestion

    known = suggestion(name, [each.name for each in runs[:5]])
    raise ConfigurationError(f"--run: there is no such run: {shown(name)}; {known}")


def _pools(settings: SettingsNow) -> Sequence[PoolView]:
    with suppress(StoreUnavailable, ConfigurationError):  # the store is optional here
        return look(settings=settings).pools
    return ()


def _anonymised(report: RunReport) -> RunReport:
    def hidden(number: int, call: CallRow) -> CallRow:
        return replace(call, agent=f"#{number}" if call.agent else "", file="")

    agents = [
        replace(
            agent,
            name=f"#{number}" if agent.name else "",
            calls=[hidden(number, each) for each in agent.calls],
        )
        for number, agent in enumerate(report.agents, 1)
    ]
    return replace(report, agents=agents, run=replace(report.run, file="", log_dir=""))


def _write(path: Path, page: str, *, overwrite: bool) -> None:
    """Write atomically, readable by its owner only."""
    from massgen_plugins.profiles.document import shown

    place = shown(str(path))
    try:
        if path.exists() and not overwrite and not _is_report(path):
            raise ConfigurationError(f"report: {place} exists and is not a report; --overwrite replaces it.")
        handle, name = tempfile.mkstemp(prefix=".report-", dir=path.absolute().parent)
        with open(handle, "w", encoding="utf-8") as file:  # noqa: PTH123 - of a handle
            file.write(page)
        Path(name).replace(path)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "the path is not valid"
        raise ConfigurationError(
            f"report: {place} cannot be written ({reason}); name another file, or - for standard output."
        ) from error


def _is_report(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return MARK.encode() in file.read(300)
