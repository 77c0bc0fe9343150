"""The figures that many cases note of a run: each is worked out here, once."""

from __future__ import annotations

from collections.abc import Callable

from lab.results import Figure
from lab.runs import Finished

from massgen_plugins.sandbox import SandboxReport

__all__ = ["measured"]

_MEASURES: dict[str, Callable[[Finished, SandboxReport], Figure]] = {
    "exit_code": lambda finished, _: finished.code,
    "requests": lambda _, report: report.arrived,
    "refused": lambda _, report: report.refused,
    "served": lambda _, report: report.served,
    "seconds": lambda finished, _: finished.completed or 0.0,
    "wall": lambda finished, _: finished.seconds,
    "answered": lambda finished, _: "WINNER" in finished.stdout,
    "winner": lambda finished, _: str(finished.status["results"]["winner"]),
    "waits": lambda finished, _: finished.stdout.count("WAIT:"),
    "tokens_in": lambda _, report: sum(report.input_tokens.values()),
    "tokens_out": lambda _, report: sum(report.output_tokens.values()),
}


def measured(finished: Finished, report: SandboxReport, names: str) -> dict[str, Figure]:
    """Figures of one run.

    Args:
        finished: The run.
        report: What its provider counted.
        names: Which figures, separated by blanks, in the order of the results file.

    Raises:
        KeyError: There is no such figure.
    """
    return {name: _MEASURES[name](finished, report) for name in names.split()}
