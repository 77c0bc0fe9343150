"""An error inside another error's text, as gateways pass it on: JSON, or what Python shows of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from massgen_plugins.providers.text import read_json_start

__all__ = ["objects_in"]

_LONGEST = 64 * 1024
"""Characters of a text that is searched."""
_MOST = 4
"""Places in a text at which an object is looked for."""

_OPENING = re.compile(r"""\{\s{0,99}\\?["']""")
_ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{2}|.)", re.DOTALL)
_PLAIN = {"n": "\n", "t": "\t", "r": "\r"}

# A closing quote may be missing, so that no text is looked through twice.
_PYTHON = re.compile(
    r"""'(?P<single>(?:[^'\\]|\\.)*)(?:'|\Z)|"(?P<double>(?:[^"\\]|\\.)*)(?:"|\Z)|\b(?P<word>None|True|False)\b""",
    re.DOTALL,
)
_WORDS = {"None": "null", "True": "true", "False": "false"}


def objects_in(text: str) -> Iterator[dict[str, object]]:
    """The JSON objects that a text holds, read as generously as possible."""
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
    """Undo the escapes in bytes that Python shows as text."""
    return _ESCAPE.sub(lambda match: _PLAIN.get(match[1], match[1] if len(match[1]) == 1 else "?"), text)


def _from_python(text: str) -> str:
    """Rewrite a dict that Python shows into JSON: its quotes and its words."""
    return _PYTHON.sub(_json_token, text)


def _json_token(match: re.Match[str]) -> str:
    if match["word"]:
        return _WORDS[match["word"]]
    if match["double"] is not None:
        inner = match["double"].replace("\\'", "'")
    else:
        inner = match["single"].replace("\\'", "'").replace('\\"', '"').replace('"', '\\"')
    return '"' + inner.replace("\\x", "\\u00") + '"'
