"""Reads usage in answers of OpenAI's protocols: chat, completions, Responses, embeddings, images."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from massgen_plugins.middleware import Usage
from massgen_plugins.providers.chat.host import Host
from massgen_plugins.providers.chat.requests import UNCACHED
from massgen_plugins.providers.reports import ReportFinder, count_of, flat, read_reports
from massgen_plugins.quota import Kind

__all__ = ["ChatUsageReader"]

_CACHED = ("cached_tokens", "prompt_cache_hit_tokens")
"""OpenAI and most, in details or flat (Moonshot); DeepSeek."""
_DOLLAR = 1_000_000
_DIGITS = 6
"""Of a micro-dollar: what a sum of many calls may not lose."""
_MOST_DOLLARS = 1e6


class ChatUsageReader:
    """Remembers the last usage that can be true: zeros after counts, or before an answer, are none.

    Args:
        host: Whose answer it is.
    """

    def __init__(self, host: Host) -> None:
        self._host = host
        self._finder = ReportFinder()
        self._usage: Usage | None = None

    def feed(self, data: bytes) -> None:
        """Take the next bytes of the body, cut anywhere."""
        events = self._finder.feed(data)
        any(self._take(event) for event in reversed(events))  # the last that can be true is the one

    def usage(self) -> Usage | None:
        """Input, output (reasoning included) and total; None before the first report."""
        rest = self._finder.rest()
        if rest is not None:
            self._take(rest)
        return self._usage

    def _take(self, event: bytes) -> bool:
        seen = [_usage(report, self._host) for found in read_reports(event) for report in _reports(found)]
        usage = next((each for each in reversed(seen) if each is not None), None)
        self._usage = usage or self._usage
        return usage is not None


def _reports(found: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Where usage can be: on top, in an event's ``response``, in Groq's ``x_groq``, in Moonshot's choice."""
    choices = found.get("choices")
    places = [
        found,
        found.get("response"),
        found.get("x_groq"),
        *(choices[:1] if isinstance(choices, list) else ()),
    ]
    for place in places:
        report = place.get("usage") if isinstance(place, dict) else None
        if isinstance(report, dict):
            yield report


def _usage(report: Mapping[str, Any], host: Host) -> Usage | None:
    tokens_in = count_of(report, "input_tokens", "prompt_tokens")
    if not tokens_in:  # a report of nothing: some servers send it with the first event
        return None
    tokens_out = count_of(report, "output_tokens", "completion_tokens") or 0
    total = max(count_of(report, "total_tokens") or 0, tokens_in + tokens_out)
    raw = flat(report)
    cached = min(tokens_in, max((raw.get(name, 0) for name in _CACHED), default=0))
    free = cached if host.charge.cached_free else 0
    amounts: dict[str, int] = {
        Kind.INPUT_TOKENS: tokens_in - free,
        Kind.OUTPUT_TOKENS: total
        - tokens_in,  # xAI leaves reasoning out of completion_tokens, not of the total
        Kind.TOTAL_TOKENS: total - free,
    }
    if host.charge.uncached:
        amounts[UNCACHED] = tokens_in - cached
    return Usage(amounts, raw, _cost(report) if host.reports_cost else None)


def _cost(report: Mapping[str, Any]) -> float | None:
    """OpenRouter's price; with a key of one's own at the provider, that one's bill comes on top."""
    cost = _dollars(report.get("cost"))
    details = report.get("cost_details")
    if cost is not None and report.get("is_byok") is True and isinstance(details, dict):
        cost += _dollars(details.get("upstream_inference_cost")) or 0.0
    return None if cost is None else round(cost * _DOLLAR, _DIGITS)


def _dollars(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 <= value <= _MOST_DOLLARS else None
