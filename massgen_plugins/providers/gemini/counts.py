"""What reports of usage say together: each count's last value that can be true."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TypeGuard

from massgen_plugins.middleware import Usage
from massgen_plugins.quota import Kind

__all__ = ["Counts"]

_LARGEST = 10**12
"""No call takes more tokens; a larger number is nonsense."""
_NAME = re.compile(r"[A-Za-z_]{1,64}")
_MOST = 64
"""Names of counts that are kept."""


class Counts:
    """The counts of one call, by the provider's own names.

    A zero never takes the place of a count: some streams begin with zeros, and some end with them. Without
    input tokens there is no report, since no call is without input.
    """

    def __init__(self) -> None:
        self._raw: dict[str, int] = {}

    def take_from(self, document: object) -> None:
        """Take the report in an answer or event, if it holds one; of a list those of its elements."""
        for element in document if isinstance(document, list) else (document,):
            if isinstance(element, dict):
                inner = element.get("response")  # how Code Assist wraps an answer
                for holder in (inner if isinstance(inner, dict) else {}, element):
                    self.take(holder.get("usageMetadata"))
                    self.take(holder.get("usage"))

    def take(self, report: object) -> None:
        """Take a report: an object of counts by name; anything else is none."""
        for name, count in _named(report) if isinstance(report, dict) else ():
            known = name in self._raw
            if (count or not known) and (known or len(self._raw) < _MOST):
                self._raw[name] = count

    def usage(self) -> Usage | None:
        """Input with tool use, output with thoughts, and total; None before the first true report."""
        raw = self._raw
        if raw.get("promptTokenCount"):
            tokens_in = raw["promptTokenCount"] + raw.get("toolUsePromptTokenCount", 0)
            tokens_out = raw.get("candidatesTokenCount", 0) + raw.get("thoughtsTokenCount", 0)
            total = max(raw.get("totalTokenCount", 0), tokens_in + tokens_out)
        elif raw.get("prompt_tokens"):
            tokens_in = raw["prompt_tokens"]
            # Google leaves thoughts out of completion_tokens, but not out of the total.
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


def _named(report: Mapping[str, object]) -> Iterator[tuple[str, int]]:
    """Every count in a report: its own, and those of its details by modality or by name."""
    for name, value in report.items():
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            continue
        if isinstance(value, list):  # promptTokensDetails: [{"modality": "AUDIO", "tokenCount": 7}]
            for item in value[:16]:
                modality = str(item.get("modality")) if isinstance(item, dict) else ""
                if _NAME.fullmatch(modality) and _is_count(item.get("tokenCount")):
                    yield f"{name}.{modality}", item["tokenCount"]
        elif isinstance(value, dict):  # prompt_tokens_details: {"cached_tokens": 10}
            inner = ("cached_tokens", "reasoning_tokens")
            yield from ((key, value[key]) for key in inner if _is_count(value.get(key)))
        elif _is_count(value):
            yield name, value


def _is_count(value: object) -> TypeGuard[int]:
    return type(value) is int and 0 <= value <= _LARGEST
