"""What the cases share: a provider on this machine, users with a home of their own, and the results file."""

from __future__ import annotations

from lab.bench import Lab
from lab.household import Household
from lab.measured import measured
from lab.results import Figure, Story, format_figure
from lab.runs import Finished, Running

__all__ = ["Figure", "Finished", "Household", "Lab", "Running", "Story", "format_figure", "measured"]
