"""Parses a pasted refusal: an answer with or without headers, or an SDK's error message."""

from __future__ import annotations

import ast
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from massgen_plugins.errors import ConfigurationError
from massgen_plugins.quota import Charge, Kind

if TYPE_CHECKING:
    from massgen_plugins.middleware import Refusal
    from massgen_plugins.providers.base import ModelRequest, Provider

__all__ = ["MOST_BYTES", "Pasted", "Reading", "parse", "read_by", "says_more"]

MOST_BYTES = 1_000_000
"""Maximum size of the input."""

_HEAD = re.compile(r"HTTP/[\d.]+ +(\d{3})[^\n]*\n")
_STATUS = re.compile(r"(?<![\d.])([45]\d\d)(?![\d.])")
_LOOKED_AT = 300
_TOO_MANY = 429
_ANTHROPIC = re.compile(rb'"type"\s*:\s*"error"')


@dataclass(frozen=True, slots=True)
class Pasted:
    """A pasted answer.

    Attributes:
        status: HTTP status; 429 if unknown.
        body: The answer's body, or an event of a stream.
        headers: Values by lower-case name.
        assumed: Whether the status is assumed.
    """

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    assumed: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """A provider's interpretation of it.

    Attributes:
        provider: The provider's name.
        refusal: The parsed refusal.
    """

    provider: str
    refusal: Refusal


def parse(data: bytes, status: int | None = None) -> Pasted:
    """Parse pasted data.

    Args:
        data: Output of ``curl -i``, a body, an event of a stream, or the text of an SDK's exception.
        status: The status, if known.

    Raises:
        ConfigurationError: It is empty, or not text.
    """
    if not data.strip():
        raise ConfigurationError("why: the input is empty; give the body of a refusal, or `last`.")
    if b"\0" in data or len(data) > MOST_BYTES:
        what = "is larger than a megabyte" if len(data) > MOST_BYTES else "is no text"
        raise ConfigurationError(f"why: what was given {what}; give the body of a refusal.")
    text = data.decode("utf-8-sig", "replace").replace("\r\n", "\n").lstrip()
    headers: dict[str, str] = {}
    while found := _HEAD.match(text):  # several with redirects or a proxy
        head, _, text = text[found.end() :].partition("\n\n")
        rows = (line.partition(":") for line in head.splitlines())
        headers = {name.strip().lower(): value.strip() for name, _, value in rows}
        status = status or int(found[1])
        text = text.lstrip()
    body = _document(text)
    found_status = status or _status(text, body)
    return Pasted(found_status or _TOO_MANY, body, headers, assumed=not found_status)


def _document(text: str) -> bytes:
    """The JSON in a text, also if an SDK wrote it as a Python dict; the text itself if there is none."""
    if re.match(r"(event|data|:)", text):
        return text.encode()
    starts = [place for place in (text.find("{"), text.find("[{")) if place >= 0]
    ends = max(text.rfind("}"), text.rfind("}]") + 1)
    inner = text[min(starts) : ends + 1] if starts else ""
    with suppress(ValueError, RecursionError):
        json.loads(inner)
        return inner.encode()
    with suppress(ValueError, SyntaxError, RecursionError, MemoryError, TypeError):
        if len(inner) <= 100_000:
            return json.dumps(ast.literal_eval(inner)).encode()
    return text.encode()


def _status(text: str, body: bytes) -> int | None:
    with suppress(ValueError, RecursionError):
        document = json.loads(body)
        if isinstance(document, list) and document:
            document = document[0]
        if isinstance(document, dict):
            error = document.get("error")
            for node in (error, document):
                for name in ("code", "status", "status_code"):
                    value = node.get(name) if isinstance(node, dict) else None
                    if isinstance(value, int) and 400 <= value < 600:
                        return value
    if re.match(r"(event|data|:)", text):
        return 200
    found = _STATUS.search(text[:_LOOKED_AT].partition("{")[0])
    return int(found[1]) if found else None


def read_by(pasted: Pasted, providers: Iterable[Provider], model: str = "") -> list[Reading]:
    """The providers' interpretations, the most detailed first."""
    found = []
    for provider in providers:
        refusal = provider.read_refusal(pasted.status, pasted.headers, pasted.body, _request(provider, model))
        if refusal is not None:
            found.append(Reading(provider.name, refusal))
    native = _native(pasted)
    votes = Counter(each.refusal.kind for each in found)
    return sorted(
        found,
        key=lambda each: (each.provider != native, -_detail(each.refusal), -votes[each.refusal.kind]),
    )


def says_more(reading: Reading, providers: Iterable[Provider], model: str = "") -> bool:
    """Whether an interpretation depends on the text rather than just on the assumed status."""
    provider = next(each for each in providers if each.name == reading.provider)
    nothing = provider.read_refusal(_TOO_MANY, {}, b"", _request(provider, model))
    said = reading.refusal
    return nothing is None or replace(said, quote="", advice="") != replace(nothing, quote="", advice="")


def _request(provider: Provider, model: str) -> ModelRequest:
    from massgen_plugins.providers.base import ModelRequest

    name = model or "the model"
    resolved = provider.resolve_model(name)
    charges: dict[str, Charge] = {Kind.REQUESTS: Charge(1)}
    return ModelRequest(name, resolved, "", "", charges, stream=False, pools=(resolved,))


def _detail(refusal: Refusal) -> int:
    hints = (refusal.retry_after, refusal.until, refusal.pool)
    return (
        3 * len(refusal.limits) + sum(hint is not None for hint in hints) + 2 * (refusal.kind != "overload")
    )


def _native(pasted: Pasted) -> str:
    """The provider whose format it clearly is; "" if unclear."""
    body = pasted.body
    if b"RESOURCE_EXHAUSTED" in body or b"google.rpc" in body or b"googleapis.com" in body:
        return "gemini"
    if any(name.startswith("anthropic-") for name in pasted.headers) or _ANTHROPIC.search(body):
        return "anthropic"
    if b"api.x.ai" in body or b"console.x.ai" in body:
        return "grok"
    names = ("openai", "groq", "mistral", "cerebras", "fireworks", "together", "openrouter", "moonshot")
    lower = body.lower()
    return next((name for name in names if f"{name}.".encode() in lower), "")
