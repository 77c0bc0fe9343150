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

_CACHED, _CACHE_HIT = "cached_tokens", "prompt_cache_hit_tokens"
"""The first by OpenAI and most others, in details or flat (Moonshot); the second by DeepSeek."""
_DOLLAR = 1_000_000
_TICKS = 10_000_000_000
"""Ticks per dollar (https://docs.x.ai/developers/cost-tracking, 2026)."""
_DIGITS = 6
"""Decimal places of a micro-dollar, so that sums over many calls stay exact."""
_MOST_DOLLARS = 1e6


class ChatUsageReader:
    """Keeps the last plausible usage: zeros after counts, or before an answer, are ignored.

    Args:
        host: The host that answers.
    """

    def __init__(self, host: Host) -> None:
        self._host = host
        self._finder = ReportFinder()
        self._usage: Usage | None = None

    def feed(self, data: bytes) -> None:
        """Process the next chunk of the body, split anywhere."""
        events = self._finder.feed(data)
        for event in reversed(events):
            if self._take(event):  # the last plausible one counts
                return

    def usage(self) -> Usage | None:
        """Input, output (reasoning included) and total; None before the first report."""
        rest = self._finder.rest()
        if rest is not None:
            self._take(rest)
        return self._usage

    def _take(self, event: bytes) -> bool:
        usage = None
        for found in read_reports(event):
            for report in _reports(found):
                usage = _usage(report, self._host) or usage
        self._usage = usage or self._usage
        return usage is not None


def _reports(found: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Possible locations: top level, an event's ``response``, Groq's ``x_groq``, Moonshot's choice."""
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


def _usage(report: dict[str, Any], host: Host) -> Usage | None:
    tokens_in = count_of(report, "input_tokens", "prompt_tokens")
    if not tokens_in:  # an empty report, which some servers send with the first event
        return None
    tokens_out = count_of(report, "output_tokens", "completion_tokens") or 0
    total = max(count_of(report, "total_tokens") or 0, tokens_in + tokens_out)
    raw = flat(report)
    cached = min(tokens_in, max(raw.get(_CACHED, 0), raw.get(_CACHE_HIT, 0)))
    free = cached if host.charge.cached_free else 0
    amounts: dict[str, int] = {
        Kind.INPUT_TOKENS: tokens_in - free,
        Kind.OUTPUT_TOKENS: total
        - tokens_in,  # xAI excludes reasoning from completion_tokens, but not from the total
        Kind.TOTAL_TOKENS: total - free,
    }
    if host.charge.uncached:
        amounts[UNCACHED] = tokens_in - cached
    return Usage(amounts, raw, _cost(report) if host.reports_cost else None)


def _cost(report: Mapping[str, Any]) -> float | None:
    """The price in micro-dollars, from dollars (OpenRouter) or ticks (xAI).

    With the user's own provider key at OpenRouter, the provider's bill is added.
    """
    ticks = count_of(report, "cost_in_usd_ticks")
    cost = _dollars(report.get("cost")) if ticks is None else ticks / _TICKS
    details = report.get("cost_details")
    if cost is not None and report.get("is_byok") is True and isinstance(details, dict):
        cost += _dollars(details.get("upstream_inference_cost")) or 0.0
    return None if cost is None else round(cost * _DOLLAR, _DIGITS)


def _dollars(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 <= value <= _MOST_DOLLARS else None
