"""Reads usage in Messages answers: the first event has the input, the last ones the output so far."""

from __future__ import annotations

from typing import Any

from massgen_plugins.middleware import Usage
from massgen_plugins.providers.reports import ReportReader, count_of, flat
from massgen_plugins.quota import Kind

__all__ = ["MessagesUsageReader"]

_SIGNS = ("input_tokens", "output_tokens", "prompt_tokens")
"""Count names that identify a report; the last is that of OpenAI's chat path."""
_READ, _WRITTEN = "cache_read_input_tokens", "cache_creation_input_tokens"


class MessagesUsageReader(ReportReader):
    """Combines the reports of several events: counts are cumulative, and zeros replace no earlier count.

    Args:
        reads_count: Whether input read from the cache counts.
    """

    def __init__(self, *, reads_count: bool) -> None:
        super().__init__()
        self._reads_count = reads_count

    def take(self, document: dict[str, Any]) -> None:
        """Add the counts that are not zero."""
        for place in (document.get("message"), document):
            report = place.get("usage") if isinstance(place, dict) else None
            if isinstance(report, dict) and count_of(report, *_SIGNS) is not None:
                self.counts.update({name: count for name, count in flat(report).items() if count})

    def reported(self) -> Usage | None:
        """Input including cache writes, output, and their sum; None before the first report."""
        counts = self.counts
        tokens_in = counts.get("input_tokens", counts.get("prompt_tokens", 0)) + counts.get(_WRITTEN, 0)
        read = counts.get(_READ, 0)
        if not tokens_in + read:
            return None
        tokens_in += read if self._reads_count else 0
        tokens_out = counts.get("output_tokens", counts.get("completion_tokens", 0))
        amounts: dict[str, int] = {
            Kind.INPUT_TOKENS: tokens_in,
            Kind.OUTPUT_TOKENS: tokens_out,
            Kind.TOTAL_TOKENS: tokens_in + tokens_out,
        }
        return Usage(amounts, dict(counts))
