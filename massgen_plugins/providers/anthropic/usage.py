"""Reads usage in Messages answers: the first event has the input, the last ones the output so far."""

from __future__ import annotations

from massgen_plugins.middleware import Usage
from massgen_plugins.providers.reports import ReportFinder, count_of, flat, read_reports
from massgen_plugins.quota import Kind

__all__ = ["MessagesUsageReader"]

_MOST = 8
"""Usage events of a chunk that are read from each end; counts are cumulative."""
_SIGNS = ("input_tokens", "output_tokens", "prompt_tokens")
"""Count names that identify a report; the last is that of OpenAI's chat path."""
_READ, _WRITTEN = "cache_read_input_tokens", "cache_creation_input_tokens"


class MessagesUsageReader:
    """Combines the reports of several events: counts are cumulative, and zeros replace no earlier count.

    Args:
        reads_count: Whether input read from the cache counts.
    """

    def __init__(self, *, reads_count: bool) -> None:
        self._reads_count = reads_count
        self._finder = ReportFinder()
        self._counts: dict[str, int] = {}

    def feed(self, data: bytes) -> None:
        """Process the next chunk of the body, split anywhere."""
        events = self._finder.feed(data)
        for event in events if len(events) <= _MOST else (*events[:_MOST], *events[-_MOST:]):
            self._take(event)

    def usage(self) -> Usage | None:
        """Input including cache writes, output, and their sum; None before the first report."""
        rest = self._finder.rest()
        if rest is not None:
            self._take(rest)
        counts = self._counts
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

    def _take(self, event: bytes) -> None:
        for found in read_reports(event):
            for place in (found.get("message"), found):
                report = place.get("usage") if isinstance(place, dict) else None
                if isinstance(report, dict) and count_of(report, *_SIGNS) is not None:
                    self._counts.update({name: count for name, count in flat(report).items() if count})
