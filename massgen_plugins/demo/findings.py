"""Evaluates a run: the server's report, MassGen's output, and the minimum duration under the quota."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from massgen_plugins.demo.failure import DemoError
from massgen_plugins.demo.host_run import HostRun
from massgen_plugins.demo.observer import read_record
from massgen_plugins.sandbox import SandboxReport

__all__ = ["Findings", "examine", "seconds_demanded"]

_MINUTE = 60.0
_COMPLETED = re.compile(r"^COMPLETED: .*?([\d.]+)s total", re.MULTILINE)
_BACK_OFF = re.compile(r"Retry \d+/\d+, backing off")
_COMPLAINT = "Rate limited"
"""Start of MassGen's retry messages, which it puts into an agent's output."""

_LAST_WORDS = 20
"""Lines shown of a failed run's output."""


@dataclass(frozen=True, slots=True)
class Findings:
    """Findings about a run.

    Attributes:
        requests: Requests that reached the server.
        refused: Requests answered with 429.
        completed: Duration in seconds, as reported by MassGen.
        demanded: Minimum seconds under the limits for the answered requests.
        back_offs: Number of times that MassGen backed off and retried.
        spoilt_answers: Distinct answers that contain MassGen's message about a rate limit.
        spoilt_outputs: Agents whose other output contains it.
        counted: Input tokens counted by the server, by model.
        settled: Input tokens settled by the limiter, by model; empty without the limiter.
        limited: Requests admitted by the limiter; 0 without it.
    """

    requests: int
    refused: int
    completed: float
    demanded: float
    back_offs: int
    spoilt_answers: int
    spoilt_outputs: int
    counted: Mapping[str, int]
    settled: Mapping[str, int]
    limited: int

    def to_mapping(self) -> dict[str, Any]:
        """The same for JSON."""
        return asdict(self)


def examine(run: HostRun, report: SandboxReport, rpm: Mapping[str, int]) -> Findings:
    """Examine a finished run.

    Args:
        run: The run.
        report: Report of its sandbox.
        rpm: The limiter's requests per minute, by model.

    Raises:
        DemoError: MassGen did not finish.
    """
    completed = _COMPLETED.search(run.household.output.read_text("utf-8", "replace"))
    if run.exit_code != 0 or completed is None:
        raise DemoError("MassGen did not finish. Its last output:\n" + "\n".join(_last_words(run)))
    record = read_record(run.household.record)
    return Findings(
        requests=report.arrived,
        refused=report.refused,
        completed=float(completed[1]),
        demanded=seconds_demanded(report, rpm),
        back_offs=len(_BACK_OFF.findall(run.household.errors.read_text("utf-8", "replace"))),
        spoilt_answers=_complaints(run, "answer.txt"),
        spoilt_outputs=_complaints(run, "agent_outputs/*.txt"),
        counted=report.input_tokens,
        settled=record.settled,
        limited=record.calls,
    )


def seconds_demanded(report: SandboxReport, rpm: Mapping[str, int]) -> float:
    """Minimum duration of a team that never waits needlessly.

    The first window's calls leave at once, those of each further window a minute later, and the last one has
    to be answered. Models are limited independently, so the slowest one decides.
    """
    answered = Counter(record.quota_model for record in report.requests if record.served)
    windows = [math.ceil(calls / rpm[model]) for model, calls in answered.items() if rpm.get(model)]
    return (max(windows, default=1) - 1) * _MINUTE + report.last_latency


def _last_words(run: HostRun) -> list[str]:
    said = run.household.output.read_text("utf-8", "replace") + run.household.errors.read_text(
        "utf-8", "replace"
    )
    return said.splitlines()[-_LAST_WORDS:]


def _complaints(run: HostRun, files: str) -> int:
    texts = {path.read_text("utf-8", "replace") for path in run.household.work.rglob(files)}
    return sum(_COMPLAINT in text for text in texts)
