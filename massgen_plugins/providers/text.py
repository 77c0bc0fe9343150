"""Safe handling of text and JSON from providers: quoting without secrets, parsing with limits."""

from __future__ import annotations

import json
import re

__all__ = ["QUOTE", "quoted", "read_json", "read_json_start"]

QUOTE = 200
"""Maximum characters of a quotation."""

_LOOKED_AT = 2_000
"""Characters of a text that are considered for a quotation."""
_MASK = "***"

_NAMED_SECRETS = re.compile(
    r"""
      \b(?:Bearer\s+[^\s"',;]+|Basic\s+[A-Za-z0-9+/]{6,}={1,2})         # an authorization header
    | \b(?:AIza|AQ\.|ya29\.|gsk_|xai-|nvapi-|csk-|hf_|(?:sk|pk|rk|ak)-)[\w.~+/=-]{6,}  # how keys begin
    | \borg-[A-Za-z0-9]{12,}                                           # an organisation
    | (?<=[?&]key=)[^\s&"']+                                           # a key in a URL
    | (?<=//)[^\s/@]+:[^\s/@]*(?=@)                                    # a password in a URL
    | [\w.%+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}                 # an e-mail address
    """,
    re.VERBOSE | re.IGNORECASE,
)
_LONG_WORD = re.compile(r"[A-Za-z0-9_+.-]{20,}={0,2}")
_HEXADECIMAL = re.compile(r"[0-9a-fA-F-]{20,}")
_LETTER_BESIDE_DIGIT = re.compile(r"(?<=[A-Za-z])[0-9]|(?<=[0-9])[A-Za-z]")
_LIKE_CHANCE = 4
"""Switches between letters and digits: words have fewer, keys of 32 characters about nine."""

_ALARMS = (
    "429", "503", "413", "rate limit", "quota exceeded", "too many requests", "too many tokens",
    "resource exhausted", "resource has been exhausted", "resource_exhausted", "request too large",
    "request_too_large", "token budget", "token limit", "maximum tokens", "input length and max_tokens",
    "max_tokens exceed", "maximum context", "context length", "context_length", "context window",
    "context limit", "contextwindowexceedederror", "exceeds the maximum", "exceeds the context",
    "exceeds the model", "input too long", "input exceeds the context", "prompt is too long",
    "context is too long", "(or context) is too large", "reduce the length of the messages",
    "number of tokens in the prompt exceeds", "middle-out",
)  # fmt: skip
"""Words that make MassGen, in any version, retry after an error or compress the conversation."""
_ALARM = re.compile("|".join(map(re.escape, _ALARMS)), re.IGNORECASE)
_SEPARATOR = re.compile(r"[ _-]")

_MOST_STRUCTURE = 15_000
"""Maximum commas, colons and brackets in a document, including those in strings, to bound parsing time."""
_FIRST_LOOKS = (4 * 1024, 64 * 1024)
"""Prefix lengths tried first: most values end within, and text after a small value must not count."""
_LONGEST_NUMBER = 40


def quoted(text: str) -> str:
    """Make a provider's message safe to display and log.

    One line of at most 200 characters, without control characters; anything that looks like an API key, a
    token, a password in a URL or an e-mail address becomes ``***``. Project numbers are kept. Phrases that
    make MassGen retry or compress the conversation get no-break spaces.
    """
    whole = len(text) <= _LOOKED_AT
    if not whole:  # a truncated word could be an unrecognisable part of a key
        text = text[:_LOOKED_AT].rpartition(" ")[0]
    line = " ".join("".join(mark if mark.isprintable() else " " for mark in text).split())
    line = _LONG_WORD.sub(_masked, _NAMED_SECRETS.sub(_MASK, line))
    line = _ALARM.sub(_harmless, line)
    if whole and len(line) <= QUOTE:
        return line
    return line[: QUOTE - 1].rstrip() + "\N{HORIZONTAL ELLIPSIS}" if line else ""


def _masked(match: re.Match[str]) -> str:
    word = match[0]
    if _HEXADECIMAL.fullmatch(word) and sum(map(str.isdigit, word)) >= _LIKE_CHANCE:
        return _MASK
    return _MASK if len(_LETTER_BESIDE_DIGIT.findall(word)) >= _LIKE_CHANCE else word


def _harmless(match: re.Match[str]) -> str:
    text, separated = _SEPARATOR.subn("\N{NO-BREAK SPACE}", match[0])
    return text if separated else f"{text[0]}\N{NARROW NO-BREAK SPACE}{text[1:]}"


def read_json(body: bytes) -> object | None:
    """Parse a JSON document; None if it is invalid or has an excessive structure.

    Never raises; a megabyte takes less than 10 ms. Invalid UTF-8 is replaced, in a large body by other
    letters; a number of more than 40 digits is read as zero.
    """
    try:
        text = body.decode()
    except UnicodeDecodeError:  # replacing is slow; in a large body only ASCII matters
        text = body.decode("utf-8", "replace") if len(body) <= _FIRST_LOOKS[-1] else body.decode("latin-1")
    text = text.strip("\ufeff \t\r\n")
    value, end = _decoded(text)
    return value if end == len(text) else None


def read_json_start(text: str, start: int = 0) -> tuple[object | None, int]:
    """Parse the JSON value at a position in a text, ignoring what follows; returns it and its end.

    Returns:
        None and -1 if there is no valid value, or its structure is excessive. Never raises.
    """
    for size in (*_FIRST_LOOKS, len(text)):
        value, end = _decoded(text[start : start + size])
        if end >= 0:
            return value, start + end
        if start + size >= len(text):
            break
    return None, -1


def _whole(digits: str) -> int:
    return int(digits) if len(digits) <= _LONGEST_NUMBER else 0


def _fraction(digits: str) -> float:
    return float(digits) if len(digits) <= _LONGEST_NUMBER else 0.0


_DECODER = json.JSONDecoder(strict=False, parse_int=_whole, parse_float=_fraction)


def _decoded(text: str) -> tuple[object | None, int]:
    if sum(map(text.count, ",:[{")) > _MOST_STRUCTURE:
        return None, -1
    try:
        return _DECODER.raw_decode(text)
    except (ValueError, RecursionError, MemoryError):
        return None, -1
