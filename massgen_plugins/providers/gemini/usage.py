"""Reads a call's usage from its answer: the last plausible value of each count."""

from __future__ import annotations

import re
from typing import Any

from massgen_plugins.middleware import Usage
from massgen_plugins.providers.reports import ReportReader
from massgen_plugins.quota import Kind

__all__ = ["GeminiUsageReader"]

_LARGEST = 10**12
"""Larger numbers of tokens are invalid."""
_NAME = re.compile(r"[A-Za-z_]{1,64}")
_MOST = 64
"""Maximum number of distinct counts."""


class GeminiUsageReader(ReportReader):
    """Keeps the last counts: every event of a stream has some, and output counts grow, or come last.

    Zeros never replace a count: some streams begin with zeros, and some end with them. A report without input
    tokens is ignored, since every call has input.
    """

    def take(self, document: dict[str, Any]) -> None:
        """Add the reports in an answer or event, on Google's own path or the OpenAI-compatible one."""
        inner = document.get("response")  # Code Assist wraps its answers
        for holder in (inner, document) if isinstance(inner, dict) else (document,):
            for place in ("usageMetadata", "usage"):
                report = holder.get(place)
                for name, count in _named(report) if isinstance(report, dict) else ():
                    known = name in self.counts
                    plausible = type(count) is int and 0 <= count <= _LARGEST
                    if plausible and (count or not known) and (known or len(self.counts) < _MOST):
                        self.counts[name] = count

    def reported(self) -> Usage | None:
        """Input including tool use, output including thoughts, and total; None before the first report."""
        raw = self.counts
        if raw.get("promptTokenCount"):
            tokens_in = raw["promptTokenCount"] + raw.get("toolUsePromptTokenCount", 0)
            tokens_out = raw.get("candidatesTokenCount", 0) + raw.get("thoughtsTokenCount", 0)
            total = max(raw.get("totalTokenCount", 0), tokens_in + tokens_out)
        elif raw.get("prompt_tokens"):
            tokens_in = raw["prompt_tokens"]
            # Google excludes thoughts from completion_tokens, but not from the total.
            total = max(raw.get("total_tokens", 0), tokens_in + raw.get("completion_tokens", 0))
            tokens_out = total - tokens_in
        else:
            return None
        amounts: dict[str, int] = {
            Kind.INPUT_TOKENS: tokens_in,
            Kind.OUTPUT_TOKENS: tokens_out,
            Kind.TOTAL_TOKENS: total,
        }
        return Usage(amounts, dict(raw))


def _named(report: dict[str, Any]) -> list[tuple[str, Any]]:
    """All values in a report, including those in its details by modality or name."""
    found = []
    for name, value in report.items():
        if not _NAME.fullmatch(name):
            continue
        if isinstance(value, list):  # promptTokensDetails: [{"modality": "AUDIO", "tokenCount": 7}]
            for item in value[:16]:
                modality = str(item.get("modality")) if isinstance(item, dict) else ""
                if _NAME.fullmatch(modality):
                    found.append((f"{name}.{modality}", item.get("tokenCount")))
        elif isinstance(value, dict):  # prompt_tokens_details: {"cached_tokens": 10}
            found += [(each, value.get(each)) for each in ("cached_tokens", "reasoning_tokens")]
        else:
            found.append((name, value))
    return found
