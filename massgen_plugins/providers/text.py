"""Text and JSON that a provider sent: read without harm, and quoted without a secret."""

from __future__ import annotations

import json
import re

__all__ = ["QUOTE", "quoted", "read_json", "read_json_start"]

QUOTE = 200
"""Characters of a quotation at most."""

_LOOKED_AT = 2_000
"""Characters of a text that a quotation is made from."""
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
"""Changes between letters and digits: words of people have fewer, keys of 32 characters about nine."""

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
"""Words by which MassGen, in any version, takes an error for one to repeat or a conversation to compress."""
_ALARM = re.compile("|".join(map(re.escape, _ALARMS)), re.IGNORECASE)
_SEPARATOR = re.compile(r"[ _-]")

_MOST_STRUCTURE = 15_000
"""Commas, colons and brackets in a document that is read, inside of texts too: more take too long."""
_FIRST_LOOKS = (4 * 1024, 64 * 1024)
"""Characters within which most values end: what follows a small value does not count as its structure."""
_LONGEST_NUMBER = 40


def quoted(text: str) -> str:
    """A provider's own words, fit to be shown and logged.

    One line, without control characters, at most 200 characters; what looks like an API key, a token, a
    password in a URL or an e-mail address becomes ``***``. Numbers of projects stay. Words by which MassGen
    would repeat the call or compress the conversation look the same, but have no-break spaces.
    """
    whole = len(text) <= _LOOKED_AT
    if not whole:  # a word that is cut could be a key that nothing recognises any more
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
    """The JSON document that some bytes are; None if they are none, or one of unreasonable structure.

    Never raises, whatever is in it; a megabyte takes less than 10 ms. Bytes that are not UTF-8 are replaced,
    in a large body by other letters; a number of more than 40 digits is read as zero.
    """
    text = _text_of(body).strip("\ufeff \t\r\n")
    value, end = _decoded(text)
    return value if end == len(text) else None


def _text_of(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError:  # many replacements take long; in a large body numbers and names are enough
        return body.decode("utf-8", "replace") if len(body) <= _FIRST_LOOKS[-1] else body.decode("latin-1")


def read_json_start(text: str, start: int = 0) -> tuple[object | None, int]:
    """The JSON value that begins at a place in a text, whatever follows it, and where it ends.

    Returns:
        None and -1 if none begins there, or one of unreasonable structure. Never raises.
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
