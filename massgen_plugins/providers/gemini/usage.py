"""Reads a call's usage from its answer, fed in chunks: the last plausible value of each count."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from massgen_plugins.middleware import Usage
from massgen_plugins.providers.sse import Event, EventReader, read_event
from massgen_plugins.providers.text import read_json, read_json_start
from massgen_plugins.quota import Kind

__all__ = ["Counts", "GeminiUsageReader"]

_MARK = re.compile(rb'"usage(?:Metadata)?"')
"""Fields with counts: on the OpenAI-compatible path, and on Google's own ones."""

_MOST = 8
"""Usage events of a chunk that are read from each end; counts only grow."""
_LONGEST = 1024 * 1024
"""Maximum bytes of a document that is buffered whole; of a longer one (an image), only the end is kept."""
_END = 64 * 1024
"""Bytes kept of that end: usage follows the content, and is less than a kilobyte."""
_BLANK = b"\xef\xbb\xbf \t\r\n"
"""Characters before an answer: a byte order mark and white space."""
_BETWEEN = re.compile(r"[\[, \t\r\n]*")
"""Characters before an element of a list."""
_READINGS = 16
"""How often each byte of an incomplete answer may be parsed on average."""
_BLANK_LINES = (b"\n\n", b"\r\n\r\n", b"\r\r")

_LARGEST = 10**12
"""Larger numbers of tokens are invalid."""
_NAME = re.compile(r"[A-Za-z_]{1,64}")
_MOST_COUNTS = 64
"""Maximum number of distinct counts."""


class GeminiUsageReader:
    """Takes an answer in chunks and keeps the last counts.

    Every event of a stream has usage; output counts grow, or only come with the last event. A stream of
    server-sent events is parsed event by event; a list of documents, which is Gemini's stream without
    ``alt=sse``, document by document. Never raises; runs in linear time, and buffers about a megabyte.
    """

    def __init__(self) -> None:
        self._counts = Counts()
        self._events: EventReader | None = None
        self._begun = False
        self._kept = bytearray()  # unparsed documents, or the end of a stream of events
        self._cut = False
        self._closing = False  # whether an object may have ended since the last parse
        self._budget = _END

    def feed(self, data: bytes) -> None:
        """Process the next chunk of the body, split anywhere."""
        if not self._begun:
            data = data.lstrip(_BLANK)
            if not data:
                return
            self._begun = True
            self._events = None if data[:1] in b"{[" else EventReader()
        self._budget += _READINGS * len(data)
        self._closing = self._closing or b"}" in data
        self._kept += data if self._events is None else data[-_END:]
        if len(self._kept) > (_LONGEST if self._events is None else _END):
            self._cut = True
            del self._kept[:-_END]
        if self._events is not None:
            events = [event for event in self._events.feed(data) if _has_usage(event)]
            for event in events if len(events) <= 2 * _MOST else (*events[:_MOST], *events[-_MOST:]):
                self._take(event)

    def usage(self) -> Usage | None:
        """The usage reported so far; None before the first plausible report."""
        if self._events is not None:
            self._look_at_last_event()
        elif self._cut:
            self._counts.take(_last_report(self._kept))
        else:
            self._read_documents()
        return self._counts.usage()

    def _take(self, event: Event) -> None:
        document = read_json(event.data)
        if document is None:  # truncated after a megabyte, or excessively large
            self._counts.take(_last_report(self._kept))
        self._counts.take_from(document)

    def _look_at_last_event(self) -> None:
        """Parse an incomplete event: the stream may have ended with it."""
        ends = ((self._kept.rfind(line), len(line)) for line in _BLANK_LINES)
        rest = bytes(self._kept[max(place + length if place >= 0 else 0 for place, length in ends) :])
        if _MARK.search(rest) and rest.rstrip().endswith(b"}") and len(rest) <= self._budget:
            self._budget -= len(rest)
            self._counts.take_from(read_json(read_event(rest).data))

    def _read_documents(self) -> None:
        """Parse and drop complete documents; of a large incomplete one, keep only the end."""
        if not (self._closing and _MARK.search(self._kept) and len(self._kept) <= self._budget):
            return
        self._closing = False
        self._budget -= len(self._kept)
        text = self._kept.decode("latin-1")  # one character per byte; counts and names are ASCII
        place = 0
        while place < len(text):
            between = _BETWEEN.match(text, place)
            document, end = read_json_start(text, between.end() if between else place)
            if not isinstance(document, dict):
                break
            self._counts.take_from(document)
            place = end
        del self._kept[:place]
        if len(self._kept) > _END and _MARK.search(self._kept):
            self._counts.take(_last_report(self._kept))


def _has_usage(event: Event) -> bool:
    """Whether an event may contain usage; always true for a truncated one."""
    return b'"usage' in event.raw or len(event.raw) >= _LONGEST


def _last_report(data: bytearray) -> object | None:
    """The value of the last usage field in the end of a truncated document."""
    end = bytes(data[-_END:])
    after = max((match.end() for match in _MARK.finditer(end)), default=len(end))
    return read_json_start(end[after:].decode("latin-1").lstrip(": \t\r\n"))[0]


@dataclass(slots=True)
class Counts:
    """The counts of one call, under the provider's own names.

    Zeros never replace a count: some streams begin with zeros, and some end with them. A report without input
    tokens is ignored, since every call has input.
    """

    _raw: dict[str, int] = field(default_factory=dict)

    def take_from(self, document: object) -> None:
        """Add the report in an answer or event, if any; for a list, those of its elements."""
        for element in document if isinstance(document, list) else (document,):
            if not isinstance(element, dict):
                continue
            inner = element.get("response")  # Code Assist wraps its answers
            for holder in (inner, element) if isinstance(inner, dict) else (element,):
                for name in ("usageMetadata", "usage"):
                    if name in holder:
                        self.take(holder[name])

    def take(self, report: object) -> None:
        """Add a report, an object of counts by name; anything else is ignored."""
        for name, count in _named(report) if isinstance(report, dict) else ():
            known = name in self._raw
            plausible = type(count) is int and 0 <= count <= _LARGEST
            if plausible and (count or not known) and (known or len(self._raw) < _MOST_COUNTS):
                self._raw[name] = count

    def usage(self) -> Usage | None:
        """Input including tool use, output including thoughts, and total; None before the first report."""
        raw = self._raw
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


def _named(report: Mapping[str, Any]) -> list[tuple[str, Any]]:
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
