"""Reads what a call took out of the passing answer: the last counts that Gemini reports."""

from __future__ import annotations

import json
from typing import Any

from massgen_plugins.quota import Amounts, Kind

__all__ = ["GeminiUsageReader"]

_MARK = b"usageMetadata"
_FIELD = '"usageMetadata"'
_INPUT = ("promptTokenCount", "toolUsePromptTokenCount")
_OUTPUT = ("candidatesTokenCount", "thoughtsTokenCount")
_TOTAL = "totalTokenCount"

_LONGEST = 1024 * 1024
"""Bytes of a line or document that is kept whole; of a longer one (it holds an image) only the end is."""
_END = 64 * 1024
"""Bytes of that end: usage follows the content, and is less than a kilobyte."""
_BLANK = b"\xef\xbb\xbf \t\r\n"
"""What may stand before an answer: a byte order mark and white space."""
_LARGEST_COUNT = 10**12
"""No call takes more tokens; a larger number is nonsense."""


class GeminiUsageReader:
    """Takes an answer in pieces and remembers the last count of each kind.

    Every event of a stream carries usage; output counts grow, or come with the last event only. A stream of
    server-sent events is read line by line, any other answer as one document. Never raises; keeps at most
    a megabyte beside the piece at hand.
    """

    def __init__(self) -> None:
        self._by_line: bool | None = None
        self._kept = bytearray()
        self._cut = False
        self._counts: dict[str, int] = {}

    def feed(self, data: bytes) -> None:
        """Take the next bytes of the body, cut anywhere."""
        if self._by_line is None:
            data = data.lstrip(_BLANK)
            if not data:
                return
            self._by_line = data[:1] not in b"{["
        if not self._by_line:
            self._keep(data)
            return
        *ended, rest = data.split(b"\n")
        for line in ended:
            self._keep(line)
            self._read_kept()
            self._kept.clear()
            self._cut = False
        self._keep(rest)

    def usage(self) -> Amounts | None:
        """Input (tool use included), output (thoughts included) and total; None before the first report."""
        self._read_kept()
        counts = self._counts
        if "promptTokenCount" not in counts:
            return None
        tokens_in = sum(counts.get(name, 0) for name in _INPUT)
        tokens_out = sum(counts.get(name, 0) for name in _OUTPUT)
        return {
            Kind.INPUT_TOKENS: tokens_in,
            Kind.OUTPUT_TOKENS: tokens_out,
            Kind.TOTAL_TOKENS: counts.get(_TOTAL, tokens_in + tokens_out),
        }

    def _keep(self, data: bytes) -> None:
        self._kept += data
        if len(self._kept) > _LONGEST:
            self._cut = True
            del self._kept[:-_END]

    def _read_kept(self) -> None:
        """Read usage in what is kept, if it is complete."""
        if _MARK not in self._kept:
            return
        reports = [_last_field(bytes(self._kept[-_END:]))] if self._cut else _reports(bytes(self._kept))
        for report in reports:
            self._take(report)

    def _take(self, report: Any) -> None:
        if not isinstance(report, dict):
            return
        for name in (*_INPUT, *_OUTPUT, _TOTAL):
            count = report.get(name)
            if type(count) is int and 0 <= count <= _LARGEST_COUNT:
                self._counts[name] = count


def _reports(data: bytes) -> list[Any]:
    """The usage of a complete event or document; of a list, of all its elements."""
    text = data.strip().removeprefix(b"data:").strip()
    if not text.endswith((b"}", b"]")):
        return []
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return []
    elements = document if isinstance(document, list) else [document]
    return [element.get("usageMetadata") for element in elements if isinstance(element, dict)]


def _last_field(end: bytes) -> Any:
    """The value of the last usage field in the end of something too long to be kept."""
    text = end.decode("utf-8", "replace")
    _, found, after = text.rpartition(_FIELD)
    if not found:
        return None
    try:
        return json.JSONDecoder().raw_decode(after.lstrip(": \t\r\n"))[0]
    except (ValueError, RecursionError):
        return None
