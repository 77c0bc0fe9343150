"""Finds errors that gateways embed in another error's text, as JSON or as the repr of a Python dict."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from massgen_plugins.providers.text import read_json_start

__all__ = ["objects_in"]

_LONGEST = 64 * 1024
"""Maximum characters of a text that are searched."""
_MOST = 4
"""Maximum positions in a text at which an object is tried."""

_OPENING = re.compile(r"""\{\s{0,99}\\?["']""")
_ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{2}|.)", re.DOTALL)
_PLAIN = {"n": "\n", "t": "\t", "r": "\r"}

# The closing quote is optional, to avoid scanning a text twice.
_PYTHON = re.compile(
    r"""'(?P<single>(?:[^'\\]|\\.)*)(?:'|\Z)|"(?P<double>(?:[^"\\]|\\.)*)(?:"|\Z)|\b(?P<word>None|True|False)\b""",
    re.DOTALL,
)
_WORDS = {"None": "null", "True": "true", "False": "false"}


def objects_in(text: str) -> Iterator[dict[str, object]]:
    """The JSON objects in a text, parsed leniently."""
    if len(text) > _LONGEST:
        return
    end = 0
    for match in islice(_OPENING.finditer(text), _MOST):
        start = match.start()
        if start < end:
            continue
        shown_bytes = text.startswith(("b'", 'b"'), max(0, start - 2))
        rest = _unescaped(text[start:]) if shown_bytes else text[start:]
        for reading in (rest, _from_python(rest)):
            value = read_json_start(reading)[0]
            if isinstance(value, dict):
                yield value
                return


def _unescaped(text: str) -> str:
    """Undo the escapes in the repr of bytes."""
    return _ESCAPE.sub(lambda match: _PLAIN.get(match[1], match[1] if len(match[1]) == 1 else "?"), text)


def _from_python(text: str) -> str:
    """Convert the repr of a dict to JSON."""
    return _PYTHON.sub(_json_token, text)


def _json_token(match: re.Match[str]) -> str:
    if match["word"]:
        return _WORDS[match["word"]]
    if match["double"] is not None:
        inner = match["double"].replace("\\'", "'")
    else:
        inner = match["single"].replace("\\'", "'").replace('\\"', '"').replace('"', '\\"')
    return '"' + inner.replace("\\x", "\\u00") + '"'
