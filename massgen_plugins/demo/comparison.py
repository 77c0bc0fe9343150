"""The two runs side by side: as a table with a verdict, and as a mapping for scripts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from rich.table import Table

from massgen_plugins.demo.findings import Findings

__all__ = ["WITH", "WITHOUT", "Comparison"]

WITHOUT = "without the switch"
WITH = "with the switch"


@dataclass(frozen=True, slots=True)
class Comparison:
    """Results of both runs.

    Attributes:
        example: The MassGen example.
        without: The run of the unchanged example.
        switched: The run with the switch.
    """

    example: str
    without: Findings
    switched: Findings

    @property
    def passed(self) -> bool:
        """Whether the limiter was active and the server refused nothing."""
        return self.switched.limited > 0 and self.switched.refused == 0

    @property
    def verdict(self) -> str:
        """The outcome in one sentence."""
        if not self.switched.limited:
            return (
                "The switch had no effect: the package did not start with MassGen. Run `massgen-rl doctor`."
            )
        if self.switched.refused:
            return f"{self.switched.refused} requests were refused despite the switch: this must not happen."
        return (
            f"With the switch none of {self.switched.requests} requests was refused; "
            f"without it {self.without.refused} of {self.without.requests} were."
        )

    def to_mapping(self) -> dict[str, Any]:
        """The same for JSON."""
        runs = {"without": self.without.to_mapping(), "with": self.switched.to_mapping()}
        return {"example": self.example, "passed": self.passed, "verdict": self.verdict, **runs}

    def to_table(self) -> Table:
        """The same as a table."""
        table = Table(title=f"MassGen's example {self.example}", title_justify="left")
        table.add_column("")
        table.add_column(WITHOUT, justify="right")
        table.add_column(WITH, justify="right")
        for label, show in _ROWS:
            table.add_row(label, show(self.without), show(self.switched))
        return table


_ROWS: tuple[tuple[str, Callable[[Findings], str]], ...] = (
    ("requests that reached the server", lambda run: str(run.requests)),
    ("of these refused (429)", lambda run: str(run.refused)),
    ("MassGen's own completion time", lambda run: f"{run.completed:.1f} s"),
    ("time that the quota alone requires", lambda run: f"{run.demanded:.1f} s"),
    ("hidden back-offs of MassGen", lambda run: str(run.back_offs)),
    ('agents that said "Rate limited"', lambda run: str(run.spoilt_outputs)),
    ('answers with "Rate limited" in them', lambda run: str(run.spoilt_answers)),
    ("input tokens counted by the server", lambda run: f"{sum(run.counted.values()):,}"),
    (
        "input tokens settled by the limiter",
        lambda run: f"{sum(run.settled.values()):,}" if run.limited else "-",
    ),
)
"""Labels, and the value to show of a run."""
