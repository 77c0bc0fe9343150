"""What one run came to: the server's own report, MassGen's own words, and what the quota alone demands."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from massgen_plugins.demo.host_run import HostRun
from massgen_plugins.demo.observer import read_record
from massgen_plugins.sandbox import SandboxReport

__all__ = ["Findings", "examine", "seconds_demanded"]

_MINUTE = 60.0
_COMPLETED = re.compile(r"^COMPLETED: .*?([\d.]+)s total", re.MULTILINE)
_BACK_OFF = re.compile(r"Retry \d+/\d+, backing off")
_COMPLAINT = "Rate limited"
"""How MassGen's retry messages begin: it puts them into what an agent says."""


@dataclass(frozen=True, slots=True)
class Findings:
    """A run, examined.

    Attributes:
        requests: Requests that reached the server.
        refused: Those that it answered with 429.
        completed: Seconds that MassGen itself says it took; None if it did not finish.
        demanded: Seconds that the quota alone demands for the requests that were answered.
        back_offs: Times that MassGen backed off and tried again.
        spoilt_answers: Answers that hold MassGen's complaint about a rate limit.
        spoilt_outputs: Agents whose output holds it.
        counted: Input tokens by the server's count, by model.
        settled: Input tokens that the limiter settled, by model; empty without the limiter.
        limited: Requests that the limiter let go; 0 without it.
        exit_code: MassGen's; None if it was ended by us.
    """

    requests: int
    refused: int
    completed: float | None
    demanded: float
    back_offs: int
    spoilt_answers: int
    spoilt_outputs: int
    counted: Mapping[str, int]
    settled: Mapping[str, int]
    limited: int
    exit_code: int | None

    def to_mapping(self) -> dict[str, Any]:
        """The same for JSON."""
        return asdict(self)


def examine(run: HostRun, report: SandboxReport, rpm: Mapping[str, int]) -> Findings:
    """Look at a run that is over.

    Args:
        run: The run.
        report: What its sandbox saw.
        rpm: The limiter's requests per minute, by model.
    """
    work = run.household.work
    record = read_record(run.household.record)
    completed = _COMPLETED.search(run.household.output.read_text("utf-8", "replace"))
    return Findings(
        requests=report.arrived,
        refused=report.refused,
        completed=float(completed[1]) if completed else None,
        demanded=seconds_demanded(report, rpm),
        back_offs=len(_BACK_OFF.findall(run.household.errors.read_text("utf-8", "replace"))),
        spoilt_answers=_complaints(run, "answer.txt"),
        spoilt_outputs=_complaints(run, "agent_outputs/*.txt"),
        counted=report.input_tokens,
        settled=record.settled,
        limited=record.calls,
        exit_code=run.exit_code,
    )
