"""Extracts errors of the chat family, the Responses API and Anthropic, however they are wrapped.

Bodies are flat (xAI, Cerebras, Fireworks) or nested; errors are in ``error``, in ``response.error`` (an
event ``response.failed``), in ``detail`` (gateways), or as JSON inside an error's message. All their texts
and codes are collected, and tables of rules interpret them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from massgen_plugins.providers.sse import read_event
from massgen_plugins.providers.text import read_json

__all__ = ["ErrorFacts", "read_error"]

_LARGEST = 1024 * 1024
"""Maximum bytes of a body that are read; real errors are a few kilobytes."""
_LARGEST_EVENT = 128 * 1024
_BLANK = b"\xef\xbb\xbf \t\r\n"
_LONGEST = 8_000
"""Maximum characters of prose that are searched."""
_MOST_NODES = 200

_SIGN = re.compile(
    rb'"error"\s{0,8}:\s{0,8}[^n\s]|"type"\s{0,8}:\s{0,8}"(?:error|response\.failed)"|event: ?error'
)
"""Markers, one of which every error event contains: a fast check that rejects most events."""

_CODE_KEYS = frozenset(
    {"code", "type", "status", "reason", "error_code", "error_type", "limit_source", "raw_status_code"}
)
_TEXT_KEYS = (
    "message",
    "error",
    "detail",
    "details",
    "error_message",
    "msg",
    "title",
    "raw",
    "error_description",
)
_INNER = frozenset({"error", "details", "detail", "metadata", "response", "raw", "message", "errors"})
_NAMED_STATUS = (
    (503, re.compile(r"overload|unavailable|capacity|server_error|slow_down|internal")),
    (402, re.compile(r"billing|payment|insufficient_(?:balance|credits?)|credit_balance")),
    (
        429,
        re.compile(r"rate.?limit|quota|too_many_requests|throttl|resource.exhausted|spend_limit|usage_limit"),
    ),
)
"""Statuses by error code, for stream events without a numeric status."""
_LIMITED = re.compile(r"too many requests|rate.?limit(?:ed)?\b|quota exceeded|exceeded your .{0,20}quota")


@dataclass(frozen=True, slots=True)
class ErrorFacts:
    """The content of an error.

    Attributes:
        status: HTTP status; the one in the body if a gateway's differs.
        message: The provider's own message, the innermost one; may be empty.
        text: All texts in lower case, one per line, at most 8,000 characters.
        codes: All codes, types and reasons, in lower case.
        headers: Headers of the answer, and those that a gateway put into the body; lower-case names.
    """

    status: int
    message: str = ""
    text: str = ""
    codes: frozenset[str] = frozenset()
    headers: Mapping[str, str] = field(default_factory=dict)


def read_error(status: int, headers: Mapping[str, str], body: bytes) -> ErrorFacts | None:
    """Find the error in a body, or in one event of a 200 stream; None if there is none. Never raises.

    Args:
        status: HTTP status; 200 for an event, and for some gateways.
        headers: Values by lower-case name.
        body: The body, of which at most 1 MiB is read.
    """
    body = body[:_LARGEST]
    if status < 400 and not _SIGN.search(body):
        return None
    document = read_json(body) if body.lstrip(_BLANK)[:1] in (b"{", b"[") else None
    name = ""
    if document is None and b"data" in body[:_LARGEST_EVENT]:
        event = read_event(body[:_LARGEST_EVENT])
        name, document = event.name, read_json(event.data)
    if status < 400 and not (name == "error" and isinstance(document, dict)) and not _is_error(document):
        return None
    return _facts(
        status, headers, document if document is not None else body[:_LONGEST].decode("utf-8", "replace")
    )


def _is_error(document: Any) -> bool:
    if isinstance(document, list):
        document = next(iter(document), None)
    if not isinstance(document, dict):
        return False
    return bool(document.get("error")) or document.get("type") in ("error", "response.failed")


def _facts(status: int, headers: Mapping[str, str], document: Any) -> ErrorFacts:
    texts: list[str] = []
    sentence = ""
    codes: set[str] = set()
    inner_headers: dict[str, str] = {}
    for node in _nodes(document):
        found = [node] if isinstance(node, str) else _texts(node)
        texts += found
        sentence = next(filter(_is_prose, found), sentence)
        if isinstance(node, str):
            continue
        codes.update(_codes(node))
        inner_headers |= _headers(node.get("headers"))
    text = "\n".join(dict.fromkeys(texts))[:_LONGEST]
    codes -= {"error", "response.failed", "none", "null"}  # the last two by gateways in Python
    return ErrorFacts(
        status=_status(status, codes, text.lower()),
        message=(sentence or text)[:_LONGEST],
        text=text.lower(),
        codes=frozenset(codes),
        headers={**inner_headers, **headers},
    )


def _nodes(document: Any) -> Iterator[Mapping[str, Any] | str]:
    """The objects and texts that describe an error, outermost first, including JSON inside of texts."""
    pending = [document]
    for _ in range(_MOST_NODES):
        if not pending:
            return
        node = pending.pop(0)
        if isinstance(node, dict):
            yield node
            pending += [value for key, value in node.items() if key in _INNER]
        elif isinstance(node, list):
            pending += node[:10]
        elif isinstance(node, str):
            inner = _inside(node)
            if inner is not None:
                pending.append(inner)
            elif node is document:
                yield node[:_LONGEST]


def _inside(text: str) -> Any:
    """The JSON object that a gateway embedded in a text; None if there is none."""
    start, end = text.find("{"), text.rfind("}")
    if start < 0 or end - start < 8 or end - start > 64 * 1024:
        return None
    inner = read_json(text[start : end + 1].encode())
    return inner if isinstance(inner, dict) else None


def _codes(node: Mapping[str, Any]) -> Iterator[str]:
    for key in _CODE_KEYS:
        value = node.get(key)
        if isinstance(value, str) and 0 < len(value) <= 100:
            yield value.lower()
        elif type(value) is int and abs(value) < 10**9:
            yield str(value)


def _texts(node: Mapping[str, Any]) -> list[str]:
    return [text for key in _TEXT_KEYS if isinstance(text := node.get(key), str) and text.strip()]


def _is_prose(text: str) -> bool:
    return " " in text and not text.lstrip().startswith(("{", "["))


def _headers(found: Any) -> dict[str, str]:
    pairs = list(found.items())[:50] if isinstance(found, dict) else []
    return {str(name).lower(): str(value)[:200] for name, value in pairs}


def _status(status: int, codes: set[str], text: str) -> int:
    """The effective status: that of a refusal wrapped by a gateway, else the answer's own.

    The text of an event counts only if the event has no code at all.
    """
    if status in (402, 429, 503, 529):
        return status
    numbers = sorted(int(code) for code in codes if code in {"402", "413", "429", "498", "503", "529"})
    if numbers:
        return numbers[0]
    if status >= 400:
        return status
    if not codes:
        return 429 if _LIMITED.search(text) else status
    joined = "\n".join(sorted(codes))
    return next((number for number, words in _NAMED_STATUS if words.search(joined)), status)
